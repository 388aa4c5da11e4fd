"""The preview beside the builder, in a browser, on a script that is let through word by word."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import become_admin, settle, visit

pytestmark = pytest.mark.browser


def open_builder(serve, page, answer):
    """A fresh studio, its builder, and a persona that has a name already."""
    server = serve(answer=answer)
    become_admin(page, server)
    visit(page, f"{server.url}/persona-builder")
    expect(page.get_by_text("Nobody is here yet")).to_be_visible()
    return server


def answer(page):
    return page.get_by_test_id("stChatMessage").nth(1)


def calls(server):
    return server.calls()


def test_words_appear_as_they_are_written_and_typing_is_not_held_up(serve, page):
    server = open_builder(serve, page, "one two three four")
    server.let(2)
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(answer(page)).to_contain_text("one two")
    expect(page.get_by_text("Writing").first).to_be_visible()
    expect(answer(page)).not_to_contain_text("three")

    field = page.get_by_label("Setting", exact=True)
    field.press_sequentially("A small team ships every week.", delay=20)
    expect(field).to_have_value("A small team ships every week.")
    expect(field).to_be_focused()
    server.let(99)
    expect(answer(page)).to_contain_text("one two three four")
    expect(page.get_by_text("Up to date")).to_be_visible()
    expect(field).to_have_value("A small team ships every week.")


def test_a_long_field_saves_itself_after_a_pause_and_is_there_after_a_reload(serve, page):
    server = open_builder(serve, page, "Hello.")
    field = page.get_by_label("System prompt", exact=True)
    field.press_sequentially("You are Ada, and you test claims.")
    expect(page.get_by_text("Up to date")).to_be_visible()
    expect(field).to_be_focused()
    field.press_sequentially(" Always.")
    expect(page.get_by_text("tokens, read before every question")).to_be_visible()
    page.wait_for_function("() => document.body.innerText.includes('Up to date')")
    settle(page)
    field.blur()
    settle(page)
    page.reload()
    settle(page)
    expect(page.get_by_label("System prompt", exact=True)).to_have_value("You are Ada, and you test claims. Always.")
    assert "test claims" in calls(server)[-1]["system"]


def test_stop_keeps_what_came_and_again_starts_anew(serve, page):
    server = open_builder(serve, page, "one two three four")
    server.let(1)
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(answer(page)).to_contain_text("one")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped by you")).to_be_visible()
    expect(answer(page)).to_contain_text("one")
    server.let(99)
    page.get_by_role("button", name="Again").click()
    expect(answer(page)).to_contain_text("one two three four")


def test_an_answer_can_neither_load_nor_run_anything(serve, page):
    foreign = []
    page.on("request", lambda request: foreign.append(request.url) if "evil" in request.url else None)
    nasty = "![a](https://evil.example/1.png) <img src='https://evil.example/2.png' onerror='window.owned=1'> end"
    open_builder(serve, page, nasty + " [x](javascript:window.owned=1)")
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(page.get_by_text("Up to date")).to_be_visible()
    expect(answer(page)).to_contain_text("end")
    expect(answer(page).locator("img[src*=evil], a[href^=javascript]")).to_have_count(0)
    assert foreign == []
    assert page.evaluate("window.owned") is None


def test_what_is_refused_stays_in_its_field_and_says_why(serve, page):
    open_builder(serve, page, "Hello.")
    name = page.get_by_label("Name", exact=True)
    name.fill("A" * 81)
    expect(page.get_by_text("Not saved. Name")).to_be_visible()
    page.get_by_role("button", name="Next: voice").click()
    expect(page.get_by_text("How do they sound?")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("A" * 81)
    page.get_by_label("Name", exact=True).fill("مرحبا 🌋")
    expect(page.get_by_role("heading", name="مرحبا 🌋", exact=True)).to_be_visible()
    expect(page.get_by_text("Not saved")).to_have_count(0)


def test_two_hundred_kilobytes_are_refused_by_name_and_nothing_else_is_lost(serve, page):
    open_builder(serve, page, "Hello.")
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(page.get_by_role("heading", name="Ada", exact=True)).to_be_visible()
    field = page.get_by_label("System prompt", exact=True)
    field.fill("word " * 40_000)
    field.blur()
    expect(page.get_by_text("Not saved. System prompt")).to_be_visible()
    expect(page.get_by_role("heading", name="Ada", exact=True)).to_be_visible()


def test_any_step_can_be_opened_at_any_time_and_nothing_typed_is_lost_on_the_way(serve, page):
    open_builder(serve, page, "Hello.")
    page.get_by_label("Name", exact=True).fill("Ada")
    page.get_by_label("Role", exact=True).fill("Engineer")
    page.get_by_role("radio", name="4 Limits").click()
    expect(page.get_by_text("What must never happen, whoever asks?")).to_be_visible()
    page.get_by_label("Limit 1", exact=True).fill("give a date")
    page.get_by_label("When someone pushes", exact=True).fill("Says no once.")
    page.get_by_role("radio", name="Role").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ada")
    expect(page.get_by_label("Role", exact=True)).to_have_value("Engineer")
    page.get_by_role("radio", name="Limits").click()
    expect(page.get_by_label("Limit 1", exact=True)).to_have_value("give a date")
    expect(page.get_by_label("When someone pushes", exact=True)).to_have_value("Says no once.")
    settle(page)
    page.reload()
    settle(page)
    expect(page.get_by_text("What must never happen, whoever asks?")).to_be_visible()
    expect(page.get_by_label("Limit 1", exact=True)).to_have_value("give a date")
    expect(page.get_by_label("When someone pushes", exact=True)).to_have_value("Says no once.")
