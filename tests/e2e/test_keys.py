"""Keys in a browser: added, refused, tested, paused, removed; and never to be seen again, wherever one looks."""

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import admin_cookie, new_context, serving, settle, visit
from tests.engine.providers.canned import hosting

pytestmark = pytest.mark.browser

MODELS = {"object": "list", "data": [{"id": f"gpt-{n}", "object": "model", "created": 1} for n in range(42)]}
PLANTED = {
    "OpenAI's": "sk-proj-PLANTED0123456789abcdefghijklmnop-aaaa",
    "Anthropic's": "sk-ant-api03-PLANTED0123456789abcdefghij-bbbb",
    "Google's": "AIzaSyPLANTED0123456789abcdefghijklmn-cccc",
    "Groq's": "gsk_PLANTED0123456789abcdefghijklmnopq_dddd",
    "one without a prefix": "PLANTED0123456789abcdef0123456789eeee",
}


class Vendor:
    """Stands in for OpenAI: knows some keys, and answers the others with their own text in the refusal."""

    def __init__(self):
        self.known = set()
        self.seen = []

    def __call__(self, peer):
        while head := peer.request()[0]:
            key = re.search(r"(?i)authorization: Bearer (\S+)", head)[1]
            self.seen.append(key)
            if key in self.known:
                peer.answer(200, json.dumps(MODELS), content_type="application/json")
            else:
                error = {"message": f"Incorrect API key provided: {key}.", "code": "invalid_api_key", "param": key}
                peer.answer(401, json.dumps({"error": error}), content_type="application/json", x_key=key)


@pytest.fixture(scope="module")
def vendor():
    """The one vendor of this module."""
    return Vendor()


@pytest.fixture(scope="module")
def fault(tmp_path_factory):
    """A file; while it is there, testing a key ends in an unexpected error that holds the key."""
    return tmp_path_factory.mktemp("fault") / "now"


@pytest.fixture(scope="module")
def server(vendor, fault, tmp_path_factory):
    """One studio whose OpenAI is the vendor above."""
    path = os.pathsep.join([str(Path(__file__).with_name("faulty")), os.environ.get("PYTHONPATH", "")])
    with (
        hosting(vendor) as host,
        serving(
            tmp_path_factory.mktemp("keys"),
            "Hello.",
            STUDIO_OPENAI_BASE_URL=host.url,
            PYTHONPATH=path,
            STUDIO_TEST_FAULT=str(fault),
        ) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def cookie(browser, server):
    """What signs a browser in."""
    return admin_cookie(browser, server)


@pytest.fixture
def sent():
    """All that the server sent to the page over its socket."""
    return []


@pytest.fixture
def page(browser, cookie, server, sent):
    """The Keys page, without a key at OpenAI."""

    def listen(socket):
        socket.on("framereceived", lambda frame: sent.append(frame if isinstance(frame, bytes) else frame.encode()))

    with new_context(browser, storage_state=cookie) as context:
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.on("websocket", listen)
        visit(page, f"{server.url}/keys")
        buttons = card(page).get_by_role("button")
        expect(buttons.last).to_be_visible()
        if buttons.filter(has_text="Remove").count():
            remove(page)
        yield page


def card(page):
    """The card of OpenAI; all buttons below are in it."""
    return page.get_by_test_id("stColumn").filter(has_text="OpenAI").first


def enter(page, button, key):
    """Open the dialog, type a key, and save it."""
    card(page).get_by_role("button", name=button).click()
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Save and test").click()


def remove(page):
    card(page).get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove key").click()
    expect(card(page)).to_contain_text("No key")
    settle(page)


def assert_gone(page, key):
    """The key is in no element, no field and no storage of the page."""
    assert key not in page.content()
    fields = "[...document.querySelectorAll('input, textarea')].map(field => field.value).join()"
    stored = "JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"
    assert key not in page.evaluate(fields) + page.evaluate(stored) + page.url


def test_a_key_is_added_tested_replaced_paused_used_again_and_removed(server, vendor, page):
    good, bad = "sk-good-0123456789abcdef-1234", "sk-bad-0123456789abcdef-9876"
    vendor.known = {good}
    enter(page, "Add key", good)
    expect(card(page)).to_contain_text("Working")
    expect(card(page)).to_contain_text("42 models in")
    expect(card(page)).to_contain_text("…1234")
    expect(card(page)).to_contain_text("Never used · tested now")
    enter(page, "Replace", bad)
    expect(card(page)).to_contain_text("Refused")
    expect(card(page)).to_contain_text("…9876")
    assert vendor.seen[-1] == bad
    vendor.known = {good, bad}
    card(page).get_by_role("button", name="Test").click()
    expect(card(page)).to_contain_text("Working")
    card(page).get_by_role("button", name="Pause").click()
    expect(card(page)).to_contain_text("Paused")
    page.reload()
    settle(page)
    card(page).get_by_role("button", name="Use again").click()
    expect(card(page)).to_contain_text("Working")
    card(page).get_by_role("button", name="Remove").click()
    expect(page.get_by_text("cannot be brought back")).to_be_visible()
    page.get_by_role("button", name="Keep it").click()
    expect(card(page)).to_contain_text("Working")
    settle(page)
    remove(page)


def test_what_is_no_key_is_refused_in_the_dialog_and_its_field_is_empty_again(page):
    card(page).get_by_role("button", name="Add key").click()
    field = page.get_by_label("Key", exact=True)
    field.fill("sk-two words-0123456789")
    page.get_by_role("button", name="Save and test").click()
    expect(page.get_by_text("That is not a key")).to_be_visible()
    expect(field).to_have_value("")
    assert_gone(page, "sk-two words-0123456789")


def test_a_dialog_that_is_closed_without_saving_sends_nothing_and_forgets(page):
    card(page).get_by_role("button", name="Add key").click()
    page.get_by_label("Key", exact=True).fill("sk-abandoned-0123456789")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stDialog")).to_have_count(0)
    assert_gone(page, "sk-abandoned-0123456789")
    card(page).get_by_role("button", name="Add key").click()
    expect(page.get_by_label("Key", exact=True)).to_have_count(1)
    expect(page.get_by_label("Key", exact=True)).to_have_value("")


@pytest.mark.parametrize("key", PLANTED.values(), ids=PLANTED)
def test_a_planted_key_is_found_nowhere_but_at_the_vendor(server, vendor, fault, page, sent, key):
    vendor.known = set()
    enter(page, "Add key", key)
    expect(card(page)).to_contain_text("Refused")
    assert vendor.seen[-1] == key
    assert_gone(page, key)
    page.reload()
    settle(page)
    assert_gone(page, key)

    fault.touch()
    card(page).get_by_role("button", name="Test").click()
    expect(page.get_by_text("Something went wrong on our side")).to_be_visible()
    assert_gone(page, key)
    reference = page.get_by_test_id("stAlert").locator("code").last.inner_text()
    fault.unlink()
    told = server.log.partition(f"reference {reference}")[2]
    assert "RuntimeError: the wheel that held … came off" in told, "logged under its id, and cleaned"

    visit(page, f"{server.url}/persona-builder")
    page.get_by_label("Name", exact=True).fill("Ada")
    page.get_by_role("button", name="Speak").click()
    expect(page.get_by_text("OpenAI does not accept the key")).to_be_visible()
    assert_gone(page, key)

    assert not any(key.encode() in frame for frame in sent), "the server never says it again"
    assert key not in server.log
    for file in (server.home / "data").iterdir():
        assert not file.is_file() or key.encode() not in file.read_bytes(), file.name
    assert b"s1." in b"".join(file.read_bytes() for file in (server.home / "data").glob("studio.db*"))
