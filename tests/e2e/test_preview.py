"""The builder and its preview, in a browser, on a script that is let through word by word."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import admin_cookie, new_context, serving, settle, visit
from tests.engine.waiting import until

pytestmark = pytest.mark.browser

ALL = 9_999


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One studio for all tests here. It saves slowly, so that many a save is overtaken by the next click."""
    path = os.pathsep.join([str(Path(__file__).with_name("slow")), os.environ.get("PYTHONPATH", "")])
    with serving(tmp_path_factory.mktemp("preview"), "Hello.", PYTHONPATH=path) as running:
        yield running


@pytest.fixture(scope="module")
def cookie(browser, server):
    """What signs a browser in."""
    return admin_cookie(browser, server)


@pytest.fixture
def page(browser, cookie):
    """A tab of a browser that is signed in."""
    with new_context(browser, storage_state=cookie) as context:
        found = context.new_page()
        found.set_default_timeout(90_000)
        yield found


def open_builder(server, page, answer):
    """The builder with a new draft; every answer is this one, and none is held back."""
    server.let(ALL)
    server.will_say(answer)
    visit(page, f"{server.url}/persona-builder")
    expect(page.get_by_text("Nobody is here yet")).to_be_visible()


def answer(page):
    return page.get_by_test_id("stChatMessage").nth(1)


def test_words_appear_as_they_are_written_and_typing_is_not_held_up(server, page):
    open_builder(server, page, "one two three four")
    server.let(2)
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(answer(page)).to_contain_text("one two")
    expect(page.get_by_text("Writing").first).to_be_visible()
    expect(answer(page)).not_to_contain_text("three")

    field = page.get_by_label("Setting", exact=True)
    field.press_sequentially("A small team ships every week.", delay=20)
    expect(field).to_have_value("A small team ships every week.")
    expect(field).to_be_focused()
    server.let(ALL)
    expect(answer(page)).to_contain_text("one two three four")
    expect(page.get_by_text("Up to date")).to_be_visible()
    expect(field).to_have_value("A small team ships every week.")


def test_a_menu_stays_open_while_what_was_typed_before_it_is_saved(server, page):
    open_builder(server, page, "Hello.")
    page.get_by_label("Name", exact=True).fill("Ada")
    page.get_by_label("Modality", exact=True).click()
    expect(page.get_by_text("Begin with a name")).to_have_count(0)
    settle(page)
    page.get_by_role("option", name="Domain expert").click()
    expect(page.get_by_text("Draft saved")).to_be_visible()
    expect(page.get_by_label("Modality", exact=True)).to_have_value("Domain expert")


def test_a_long_field_saves_itself_after_a_pause_and_is_there_after_a_reload(server, page):
    open_builder(server, page, "Hello.")
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
    assert "test claims" in server.calls()[-1]["system"]


def test_stop_keeps_what_came_and_again_starts_anew(server, page):
    open_builder(server, page, "one two three four")
    server.let(1)
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(answer(page)).to_contain_text("one")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped by you")).to_be_visible()
    expect(answer(page)).to_contain_text("one")
    server.let(ALL)
    page.get_by_role("button", name="Again").click()
    expect(answer(page)).to_contain_text("one two three four")


def test_an_answer_can_neither_load_nor_run_anything(server, page):
    foreign = []
    page.on("request", lambda request: foreign.append(request.url) if "evil" in request.url else None)
    nasty = "![a](https://evil.example/1.png) <img src='https://evil.example/2.png' onerror='window.owned=1'> end"
    open_builder(server, page, nasty + " [x](javascript:window.owned=1)")
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(page.get_by_text("Up to date")).to_be_visible()
    expect(answer(page)).to_contain_text("end")
    expect(answer(page).locator("img[src*=evil], a[href^=javascript]")).to_have_count(0)
    assert foreign == []
    assert page.evaluate("window.owned") is None


def test_what_is_refused_stays_in_its_field_and_says_why(server, page):
    open_builder(server, page, "Hello.")
    name = page.get_by_label("Name", exact=True)
    name.fill("A" * 81)
    expect(page.get_by_text("Not saved. Name")).to_be_visible()
    page.get_by_role("button", name="Next: voice").click()
    expect(page.get_by_text("How do they sound?")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("A" * 81)
    page.get_by_label("Name", exact=True).fill("مرحبا 🌋")
    expect(page.get_by_role("heading", name="مرحبا 🌋", exact=True)).to_be_visible()
    expect(page.get_by_text("Not saved")).to_have_count(0)


def test_two_hundred_kilobytes_are_refused_by_name_and_nothing_else_is_lost(server, page):
    open_builder(server, page, "Hello.")
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(page.get_by_role("heading", name="Ada", exact=True)).to_be_visible()
    field = page.get_by_label("System prompt", exact=True)
    field.fill("word " * 40_000)
    field.blur()
    expect(page.get_by_text("Not saved. System prompt")).to_be_visible()
    expect(page.get_by_role("heading", name="Ada", exact=True)).to_be_visible()


def test_any_step_can_be_opened_at_any_time_and_nothing_typed_is_lost_on_the_way(server, page):
    open_builder(server, page, "Hello.")
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


def test_a_save_that_the_next_click_overtakes_is_made_good(server, page):
    open_builder(server, page, "Hello.")
    page.get_by_label("Name", exact=True).fill("Ada")
    for field, text in (("Role", "Engineer"), ("System prompt", "You are Ada."), ("Setting", "A lab.")):
        page.get_by_label(field, exact=True).fill(text)
        page.get_by_label(field, exact=True).blur()
    page.get_by_role("radio", name="Samples").click()
    for field, text in (("Someone says (1)", "Is it done?"), ("Ada answers (1)", "Show me.")):
        page.get_by_label(field, exact=True).fill(text)
        page.get_by_label(field, exact=True).blur()
    page.get_by_role("button", name="Add a sample").click()
    expect(page.get_by_label("Someone says (2)", exact=True)).to_be_visible()
    expect(page.get_by_text("Up to date")).to_be_visible()
    settle(page)
    expect(page.get_by_text("another tab")).to_have_count(0)
    page.reload()
    settle(page)
    expect(page.get_by_label("Ada answers (1)", exact=True)).to_have_value("Show me.")
    expect(page.get_by_label("Someone says (1)", exact=True)).to_have_value("Is it done?")
    page.get_by_role("radio", name="Role").click()
    for field, text in (("Role", "Engineer"), ("System prompt", "You are Ada."), ("Setting", "A lab.")):
        expect(page.get_by_label(field, exact=True)).to_have_value(text)


TEXT = (
    "He said to type on while she answers, and no letter may be lost, none may come twice, and the cursor stays. " * 2
)
WATCH = """field => {
  window.blurs = 0;
  window.typedInto = field;
  field.addEventListener("blur", () => window.blurs++);
}"""


def statuses(server):
    """How the calls so far have ended."""
    with closing(sqlite3.connect(f"file:{server.home}/data/studio.db?mode=ro", uri=True)) as database:
        return [status for (status,) in database.execute("SELECT status FROM usage_events ORDER BY id")]


def type_while_it_speaks(server, page, label, text):
    """Type into a field while an answer comes word by word: through its saves, and through the end of the answer.

    The first half is followed by a pause, so that the field saves itself and the answer begins anew; then a word is
    typed at the very beginning, and the rest at the end again.
    """
    server.let(2)
    field = page.get_by_label(label, exact=True)
    field.click()
    field.evaluate(WATCH)
    half, prefix, asked = len(text) // 2, "Well, ", len(server.calls())
    page.keyboard.type(text[:half], delay=15)
    until(lambda: len(server.calls()) > asked)
    for number, letter in enumerate(text[half:]):
        server.let(3 + number // 2)
        page.keyboard.type(letter, delay=10)
    page.keyboard.press("Control+Home")
    page.keyboard.type(prefix, delay=15)
    page.keyboard.press("Control+End")
    server.let(ALL)
    page.keyboard.type("end", delay=15)
    whole = f"{prefix}{text}end"
    until(lambda: whole in server.calls()[-1]["system"])
    expect(page.get_by_text("Up to date")).to_be_visible()
    settle(page)
    assert field.evaluate("field => [field === window.typedInto, window.blurs, document.activeElement === field]") == [
        True,
        0,
        True,
    ]
    expect(field).to_have_value(whole)
    return whole


def test_no_keystroke_and_no_focus_is_lost_while_it_speaks_and_stale_answers_are_stopped(server, page):
    open_builder(server, page, "word " * 120)
    page.get_by_label("Name", exact=True).fill("Ada")
    written = {}
    for step, label, most in (
        ("Role", "Role", 150),
        ("Role", "System prompt", 200),
        ("Knows", "Knows well", 200),
        ("Limits", "Limit 1", 200),
        ("Samples", "Ada answers (1)", 200),
    ):
        page.get_by_role("radio", name=step).click()
        if label.startswith("Ada"):
            page.get_by_label("Someone says (1)", exact=True).fill("Is it done?")
        written[step, label] = type_while_it_speaks(server, page, label, f"{label}: {TEXT}"[:most])
    page.reload()
    for (step, label), text in written.items():
        settle(page)
        page.get_by_role("radio", name=step).click()
        expect(page.get_by_label(label, exact=True)).to_have_value(text)
    assert "stopped" in statuses(server) and statuses(server)[-1] == "ok"
    assert all(text.strip() in server.calls()[-1]["system"] for text in written.values())
