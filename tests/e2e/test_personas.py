"""Personas in a browser: duplicated, deleted and brought back; and two tabs on one draft."""

import json

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import admin_cookie, new_context, serving, settle, visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One studio for all tests here."""
    with serving(tmp_path_factory.mktemp("personas"), "Hello.") as running:
        yield running


@pytest.fixture(scope="module")
def cookie(browser, server):
    """What signs a browser in."""
    return admin_cookie(browser, server)


@pytest.fixture
def tab(browser, cookie, server):
    """Open tabs of one browser."""
    with new_context(browser, storage_state=cookie) as context:

        def open_tab(address):
            page = context.new_page()
            page.set_default_timeout(90_000)
            visit(page, f"{server.url}/{address}")
            return page

        yield open_tab


@pytest.fixture
def page(tab):
    """The builder on a new draft."""
    return tab("persona-builder")


def fill(page, label, text):
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.blur()


def write(page, name):
    """Write a persona of this name, as far as it takes to publish it."""
    fill(page, "Name", name)
    fill(page, "Role", "Engineer")
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    settle(page)


def publish(page):
    page.get_by_role("radio", name="Review").click()
    page.get_by_role("button", name="Publish version").click()


def choose(page, name, option):
    """Choose from the menu of a card."""
    cell = page.get_by_test_id("stVerticalBlock").filter(has=page.get_by_alt_text(f"Portrait of {name}", exact=True))
    cell.last.locator("[data-testid=stMenuButton] button:visible").click()
    page.get_by_role("menuitem", name=option).or_(page.get_by_role("option", name=option)).click()


def test_a_persona_is_deleted_after_asking_and_brought_back_by_undo(page):
    write(page, "Pip")
    publish(page)
    portrait = page.get_by_alt_text("Portrait of Pip", exact=True)
    expect(portrait).to_be_visible()
    choose(page, "Pip", "Delete")
    expect(page.get_by_text("takes 1 version along")).to_be_visible()
    page.get_by_role("button", name="Keep it").click()
    expect(portrait).to_be_visible()
    settle(page)
    choose(page, "Pip", "Delete")
    page.get_by_role("button", name="Delete persona").click()
    expect(page.get_by_text("Pip is deleted")).to_be_visible()
    expect(portrait).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Pip is back")).to_be_visible()
    expect(portrait).to_be_visible()
    settle(page)
    choose(page, "Pip", "Delete")
    page.get_by_role("button", name="Delete persona").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Home").click()
    expect(page.get_by_text("Your allowance")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Personas").click()
    expect(page.get_by_role("heading", name="Built-in")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    expect(portrait).to_have_count(0)


def test_a_duplicate_is_a_draft_of_its_own(page):
    write(page, "Mira")
    publish(page)
    expect(page.get_by_alt_text("Portrait of Mira", exact=True)).to_be_visible()
    choose(page, "Mira", "Duplicate")
    expect(page.get_by_role("heading", name="Mira (copy)", exact=True)).to_be_visible()
    expect(page.get_by_text("not published yet")).to_be_visible()
    expect(page.get_by_label("Role", exact=True)).to_have_value("Engineer")
    publish(page)
    for name in ("Mira", "Mira (copy)"):
        expect(page.get_by_alt_text(f"Portrait of {name}", exact=True)).to_be_visible()


def test_two_tabs_on_one_field_choose_whose_words_to_keep(page, tab, server):
    write(page, "Noor")
    other = tab(page.url.removeprefix(f"{server.url}/"))
    expect(other.get_by_label("Role", exact=True)).to_have_value("Engineer")
    fill(page, "Role", "Pilot")
    settle(page)
    fill(other, "Role", "Sailor")
    expect(other.get_by_text("Role was changed in another tab")).to_be_visible()
    expect(other.get_by_text("There it says “Pilot”")).to_be_visible()
    expect(other.get_by_label("Role", exact=True)).to_have_value("Sailor")
    other.get_by_role("button", name="Take theirs").click()
    expect(other.get_by_label("Role", exact=True)).to_have_value("Pilot")
    expect(other.get_by_text("another tab")).to_have_count(0)

    fill(other, "Role", "Sailor")
    settle(other)
    fill(page, "Role", "Pilot of a small plane")
    expect(page.get_by_text("There it says “Sailor”")).to_be_visible()
    page.get_by_role("button", name="Keep mine").click()
    expect(page.get_by_text("another tab")).to_have_count(0)
    settle(page)
    page.reload()
    settle(page)
    expect(page.get_by_label("Role", exact=True)).to_have_value("Pilot of a small plane")


def test_publishing_what_another_tab_published_is_told_calmly_and_shows_what_was_typed(page, tab, server):
    write(page, "Tom")
    other = tab(page.url.removeprefix(f"{server.url}/"))
    expect(other.get_by_label("Role", exact=True)).to_have_value("Engineer")
    publish(page)
    expect(page.get_by_text("Tom is published")).to_be_visible()
    fill(other, "System prompt", "You are Tom, and you fly small planes.")
    expect(other.get_by_text("That draft is gone")).to_be_visible()
    expect(other.get_by_text("You are Tom, and you fly small planes.")).to_be_visible()


def test_a_card_is_brought_in_given_out_and_reads_back_whole(tab, tmp_path):
    data = {"name": "Seraphine", "description": "{{char}} is a lighthouse keeper.", "first_mes": "You are late."}
    card = {"spec": "chara_card_v2", "spec_version": "2.0", "data": {**data, "extensions": {"other": [1]}}}
    (tmp_path / "card.json").write_text(json.dumps(card))
    page = tab("personas")
    page.get_by_role("button", name="Import card").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "card.json")
    expect(dialog.get_by_text("Read as a card of another app")).to_be_visible()
    dialog.get_by_role("button", name="Open in the builder").click()
    expect(page.get_by_role("heading", name="Seraphine", exact=True)).to_be_visible()
    settle(page)
    publish(page)
    expect(page.get_by_text("Seraphine is published")).to_be_visible()
    settle(page)
    page.locator("[class*=menu][class*=seraphine] button").locator("visible=true").click()
    page.get_by_text("Export card").click()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "seraphine.png"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Import card").click()
    download.value.save_as(tmp_path / "seraphine.png")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "seraphine.png")
    expect(dialog.get_by_text("Every field is exactly as this studio wrote it.")).to_be_visible()
    expect(dialog.get_by_text("Lossless")).to_be_visible()
