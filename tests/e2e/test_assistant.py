"""The assistant in a browser: picks per message, stopping, closing the tab, the dock, two tabs."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import become_admin, settle, visit

pytestmark = pytest.mark.browser

ANSWER = "One two three four five six seven."
LONG_ANSWER = "One two " + "more.\n\n " * 40


def ask(page, text):
    field = page.get_by_test_id("stChatInputTextArea")
    field.fill(text)
    field.press("Enter")


def pick(page, now, wanted):
    """Open the popover that shows `now`, choose, and go on at once: the page may still be drawing."""
    page.get_by_test_id("stPopover").get_by_role("button", name=re.compile(f"{now}$")).click()
    page.get_by_test_id("stPopoverBody").get_by_text(wanted, exact=True).first.click()
    page.keyboard.press("Escape")


def test_a_thread_with_three_personas_and_two_modes(serve, page):
    server = serve(answer=ANSWER)
    become_admin(page, server)
    visit(page, f"{server.url}/assistant")
    expect(page.get_by_text("What shall we work on?")).to_be_visible()
    ask(page, "First question")
    expect(page.get_by_text(ANSWER)).to_have_count(1)
    expect(page.get_by_role("heading", name="First question")).to_be_visible()
    settle(page)
    pick(page, "General assistant", "Writer")
    pick(page, "General", "Coaching")
    ask(page, "Second question")
    expect(page.get_by_text(ANSWER)).to_have_count(2)
    talk = page.get_by_test_id("stChatMessage")
    expect(talk.nth(3).get_by_text("Writer")).to_be_visible()
    expect(talk.nth(3).get_by_text("coaching", exact=True)).to_be_visible()
    expect(talk.nth(3).get_by_text("did not give a plan")).to_be_visible()
    expect(talk.nth(1).get_by_text("General assistant")).to_be_visible()
    settle(page)
    pick(page, "Writer", "Developer")
    pick(page, "Coaching", "General")
    ask(page, "Third question")
    expect(page.get_by_text(ANSWER)).to_have_count(3)
    expect(talk.nth(5).get_by_text("Developer")).to_be_visible()
    expect(talk.nth(5).get_by_text("general", exact=True)).to_be_visible()
    expect(talk.nth(3).get_by_text("Writer")).to_be_visible()
    settle(page)
    talk.nth(1).get_by_role("button", name="Why this model?").click()
    expect(page.get_by_text("System default")).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_text(ANSWER)).to_have_count(3)


def test_stopping_closing_the_tab_and_two_tabs(serve, context, page):
    server = serve(answer=ANSWER)
    become_admin(page, server)
    server.will_say(LONG_ANSWER)
    server.let(2)
    visit(page, f"{server.url}/assistant")
    ask(page, "Slow one")
    expect(page.get_by_text("One two", exact=False)).to_be_visible()
    stop = page.get_by_role("button", name="Stop", exact=True)
    place = stop.bounding_box()
    server.let(20)
    expect(page.get_by_text("more.")).to_have_count(18)
    assert stop.bounding_box() == place, "a button that moves is missed"
    stop.click()
    expect(page.get_by_text("Stopped by you. 20 words kept.")).to_be_visible()
    server.will_say(ANSWER)
    server.let(2)
    settle(page)
    ask(page, "Another slow one")
    expect(page.get_by_text("One two")).to_have_count(2)
    address = page.url
    page.close()
    server.let(99)
    back = context.new_page()
    visit(back, address)
    expect(back.get_by_text(ANSWER)).to_have_count(1)
    other = context.new_page()
    visit(other, address)
    settle(back)
    ask(back, "Seen in both")
    expect(back.get_by_text(ANSWER)).to_have_count(2)
    other.reload()
    expect(other.get_by_text("Seen in both").first).to_be_visible()
    expect(other.get_by_text(ANSWER)).to_have_count(2)


def test_the_dock_answers_on_another_page_and_is_hidden_when_nobody_can(serve, page):
    server = serve(answer=ANSWER)
    become_admin(page, server)
    visit(page, f"{server.url}/personas")
    page.get_by_test_id("stSidebar").get_by_role("button", name="Ask").click()
    page.get_by_label("Question").fill("From the side")
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text(ANSWER)).to_be_visible()
    expect(page.get_by_text("About: Personas")).to_have_count(2)
    visit(page, f"{server.url}/assistant")
    expect(page.get_by_role("button", name="From the side")).to_be_visible()
