"""Three personas on stage, with the real embedded model: played, paused, spoken to, stopped, and seen again."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import become_admin, settle, visit

pytestmark = [pytest.mark.browser, pytest.mark.model]

TURN_TOKENS = 16
SPEAKING = re.compile("thinking$|writing$")

COUNT_STAGES = """() => {
    window.mostStages = 0;
    const look = () => {
        window.mostStages = Math.max(window.mostStages, document.querySelectorAll(".st-key-stage").length);
    };
    look();
    new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
}"""


def press(page, name, **more):
    page.get_by_role("button", name=name, **more).click()


def menu(page, entry):
    page.locator("[class*=st-key-stage-menu] button").click()
    return page.get_by_test_id("stPopoverBody").get_by_role("button", name=entry)


def spoken(page):
    """The turns of the cast that are over: each has its receipt."""
    return page.get_by_text(re.compile(r" · \S+ · \$0\.00"))


def shorten_turns(page):
    """In the settings: turns of a few tokens, one persona after the other."""
    press(page, "Scene settings")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Longest turn", exact=True).fill(str(TURN_TOKENS))
    dialog.get_by_label("Premise", exact=True).fill("Three people plan a walk.")
    press(dialog, "Save settings")
    expect(dialog).to_have_count(0)
    settle(page)


def stage_is_in_view(page):
    """Whether a phone shows the stage, and nothing that has to be scrolled sideways."""
    top = page.locator(".st-key-stage").evaluate("element => element.getBoundingClientRect().top")
    fits = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    return fits and 0 < top < page.viewport_size["height"] - 200


def test_three_personas_are_played_paused_spoken_to_and_seen_again(serve, page):
    server = serve()
    become_admin(page, server)
    visit(page, f"{server.url}/theatre")
    page.locator("[class*=st-key-template-luxury_hike] button").click()
    expect(page.get_by_role("heading", name="Luxury hike")).to_be_visible()
    expect(page.get_by_text("Expected before play")).to_be_visible()
    settle(page)
    shorten_turns(page)
    heard = played_and_paused(page)
    heard = stepped_and_spoken_to(page, heard)
    heard = stopped_and_gone_on_after_a_reload(page, heard)
    seen_again(page, heard)


def played_and_paused(page):
    """Play, click elsewhere during a turn, and pause: the turn that is being said is heard to its end."""
    stop = page.get_by_role("button", name=re.compile("^Stop"))
    place = stop.bounding_box()
    press(page, "Play", exact=True)
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    assert stop.bounding_box() == place, "a button that moves is missed"
    expect(page.get_by_text(SPEAKING).first).to_be_visible()
    page.locator("[data-variant=segmented_control]", has_text="Round robin").click()
    expect(page.get_by_text(SPEAKING).first).to_be_visible()
    press(page, "Pause", exact=True)
    expect(page.get_by_role("button", name="Play on")).to_be_visible()
    expect(page.get_by_text(SPEAKING)).to_have_count(0)
    settle(page)
    heard = spoken(page).count()
    assert heard >= 1
    return heard


def stepped_and_spoken_to(page, heard):
    """One turn by the keyboard, and one by whoever a line is for."""
    page.keyboard.press("Alt+ArrowRight")
    expect(spoken(page)).to_have_count(heard + 1)
    settle(page)
    line = page.get_by_test_id("stChatInputTextArea")
    line.fill("@Writer one word, please")
    line.press("Enter")
    expect(page.get_by_text(re.compile("^asked by you · "))).to_have_count(1)
    expect(spoken(page)).to_have_count(heard + 2)
    settle(page)
    return heard + 2


def stopped_and_gone_on_after_a_reload(page, heard):
    """Stop in the middle of a turn, reload, and play one more on a phone, which has the stage in view all the time."""
    press(page, "Play on")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    press(page, re.compile("^Stop"))
    expect(page.get_by_text("Ended: You stopped it.")).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_text("Ended: You stopped it.")).to_be_visible()
    now = spoken(page).count()
    assert now >= heard
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate(COUNT_STAGES)
    press(page, re.compile("^Step"))
    expect(page.get_by_text(SPEAKING).first).to_be_visible()
    assert stage_is_in_view(page)
    expect(spoken(page)).to_have_count(now + 1)
    settle(page)
    assert stage_is_in_view(page)
    assert page.evaluate("window.mostStages") == 1, "what comes or goes above the stage shows it twice"
    page.set_viewport_size({"width": 1440, "height": 900})
    return now + 1


def seen_again(page, turns):
    """Carried away, forked and replayed; none of it asks a model."""
    with page.expect_download() as download:
        menu(page, "Export JSON").click()
    told = json.loads(download.value.path().read_text())
    cast = [turn for turn in told["turns"] if turn["speaker"] and turn["usage"]]
    assert len(cast) == turns and all(turn["usage"]["output"] <= TURN_TOKENS for turn in cast)
    page.keyboard.press("Escape")
    stage = page.url
    menu(page, "Replay").click()
    expect(page.get_by_text(f"Line {len(told['turns'])} of {len(told['turns'])}")).to_be_visible()
    settle(page)
    press(page, "Back to the stage")
    expect(page.get_by_role("button", name="Scene settings")).to_be_visible()
    settle(page)
    menu(page, "Fork from a turn").click()
    dialog = page.get_by_test_id("stDialog")
    dialog.get_by_text("Before the first word").click()
    press(dialog, "Fork", exact=True)
    expect(page.get_by_role("heading", name="Fork of Luxury hike")).to_be_visible()
    expect(page.get_by_test_id("stChatMessage")).to_have_count(0)
    visit(page, stage)
    expect(spoken(page)).to_have_count(turns)
