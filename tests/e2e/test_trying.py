"""Trying a persona in a browser: two columns side by side, the checks by version and model, a version restored, and the
persona taken along by somebody else as a picture."""

import pytest
from playwright.sync_api import expect

from engine.accounts.actor import Actor, Role
from engine.settings import load_settings
from engine.studio import open_studio
from tests.e2e.conftest import EMAIL, PASSWORD, become_admin, new_context, settle, sign_in, visit

pytestmark = pytest.mark.browser

COLLEAGUE = "noor@example.org"
FIRST, SECOND = "Hello from the first voice.", "Hello from the second voice."


def with_pip(server):
    """A persona with two versions and two checks, beside the running server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_DATA_DIR", str(server.home / "data"))
        studio = open_studio(load_settings())
    rosa = studio.people.acting_as(Actor.operator(), EMAIL)
    for role in ("Engineer", "Pilot"):
        draft = studio.drafts.open(rosa, "user:pip" if role == "Pilot" else None)
        studio.drafts.save(rosa, draft.id, {"name": "Pip", "role": role, "constraints": ["Never say “cheap”"]})
        studio.drafts.publish(rosa, draft.id)
    studio.people.add(
        Actor.operator(), email=COLLEAGUE, name="Noor Haddad", password=PASSWORD, role=Role.USER, verified=True
    )
    studio.close()


def compared(page, server):
    visit(page, f"{server.url}/compare?key=user:pip")
    page.get_by_text("Versions", exact=True).first.click()
    expect(page.get_by_text("Version 1", exact=True)).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("2 calls, free.")).to_be_visible()
    assert server.calls() == [], "nothing is asked before its cost was shown"
    server.let(3)
    page.get_by_role("dialog").get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Hello from the", exact=False)).to_have_count(2)
    server.let(99)
    expect(page.get_by_text(FIRST)).to_have_count(2)
    expect(page.get_by_text("First word", exact=True)).to_have_count(2)
    settle(page)
    page.get_by_role("radio", name="Thumbs up").first.click()
    expect(page.get_by_text("Your pick")).to_be_visible()
    page.reload()
    expect(page.get_by_text(FIRST)).to_have_count(2)
    expect(page.get_by_text("Your pick")).to_be_visible()
    assert len(server.calls()) == 2


def rehearsed(page, server):
    server.will_say("That is cheap.")
    visit(page, f"{server.url}/rehearsal?key=user:pip")
    page.get_by_role("button", name="Run all").click()
    expect(page.get_by_text("2 calls, free.")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("0 of 2 passed, failures first")).to_be_visible()
    expect(page.get_by_text("Said “cheap”, which must not occur")).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart").locator(".main-svg").first).to_be_visible()
    settle(page)
    server.will_say(SECOND)
    page.get_by_role("button", name="Re-run").click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("2 of 2 passed, failures first")).to_be_visible()
    assert len(server.calls()) == 6


def restored(page, server):
    visit(page, f"{server.url}/versions?key=user:pip")
    expect(page.get_by_role("heading", name="Version 1 to version 2")).to_be_visible()
    expect(page.get_by_text("2 of 2", exact=True)).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Restore version 1").click()
    expect(page.get_by_text("will say what version 1 said")).to_be_visible()
    page.get_by_role("button", name="Restore version 1").last.click()
    expect(page.get_by_text("Version 1 is restored as version 3")).to_be_visible()
    expect(page.get_by_role("heading", name="Version 2 to version 3")).to_be_visible()
    visit(page, f"{server.url}/persona-builder?key=user:pip")
    expect(page.get_by_label("Role", exact=True)).to_have_value("Engineer")


def exported(page, server, folder):
    """The persona as a picture with its card in it."""
    visit(page, f"{server.url}/personas")
    page.get_by_test_id("stMenuButton").first.get_by_role("button").click()
    page.get_by_text("Export card", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").click()
    page.get_by_role("option", name="(.png)").click()
    expect(dialog.get_by_text("Lossless")).to_be_visible()
    expect(dialog.get_by_text("pip.png")).to_be_visible()
    settle(page)
    with page.expect_download() as found:
        dialog.get_by_role("button", name="Download").click()
    card = folder / "pip.png"
    found.value.save_as(card)
    return card


def imported(page, server, card):
    """Somebody else reads what is in it, and has it as a draft of their own."""
    visit(page, f"{server.url}/personas")
    sign_in(page, COLLEAGUE)
    visit(page, f"{server.url}/personas")
    page.get_by_role("button", name="Import card").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(card)
    expect(dialog.get_by_text("Lossless")).to_be_visible()
    expect(dialog.get_by_text("Never say “cheap”")).to_be_visible()
    settle(page)
    dialog.get_by_role("button", name="Open in the builder").click()
    expect(page.get_by_role("heading", name="Pip", exact=True)).to_be_visible()
    expect(page.get_by_label("Role", exact=True)).to_have_value("Engineer")


def test_compare_rehearse_go_back_to_a_version_and_hand_it_on(serve, page, browser, tmp_path):
    server = serve(answer=FIRST)
    become_admin(page, server)
    with_pip(server)
    for act in (compared, rehearsed, restored):
        act(page, server)
    card = exported(page, server, tmp_path)
    with new_context(browser) as other:
        imported(other.new_page(), server, card)
