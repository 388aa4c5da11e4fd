"""The kill switch and the limits as people at their browsers meet them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PASSWORD, become_admin, new_context, serving, settle, sign_in, visit

pytestmark = pytest.mark.browser

REASON = "Invoice under review"


@pytest.fixture(scope="module")
def house(browser, tmp_path_factory):
    """A running studio whose mail is written into its log, and the tab of its administrator."""
    with (
        serving(tmp_path_factory.mktemp("controls") / "studio", "I test claims.") as server,
        new_context(browser) as first,
    ):
        admin = first.new_page()
        become_admin(admin, server)
        yield server, admin


def unproved(browser, server, email) -> Page:
    """The builder of somebody who has joined and has not confirmed the address, with a persona that has a name."""
    page = new_context(browser).new_page()
    visit(page, f"{server.url}/sign-up")
    page.get_by_label("Your name").fill("Bo Lind")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Confirm your e-mail")).to_be_visible()
    settle(page)
    visit(page, f"{server.url}/persona-builder")
    sign_in(page, email)
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(page.get_by_text("Up to date")).to_be_visible()
    settle(page)
    return page


def test_a_stop_reaches_an_open_page_at_its_next_click_and_lifting_it_gives_the_voice_back(house, browser):
    server, admin = house
    page = unproved(browser, server, "bo@example.org")
    asked = len(server.calls())
    visit(admin, f"{server.url}/controls")
    admin.get_by_role("button", name="Stop everything").click()
    dialog = admin.get_by_role("dialog")
    dialog.get_by_role("button", name="Stop everything").click()
    expect(dialog.get_by_text("A reason of at most 300 characters is needed")).to_be_visible()
    dialog.get_by_label("Reason, shown to everyone it touches").fill(REASON)
    settle(admin)
    dialog.get_by_role("button", name="Stop everything").click()
    expect(admin.get_by_role("heading", name="AI is stopped for everyone")).to_be_visible()

    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text(f"Nobody can answer for now. {REASON}.")).to_be_visible()
    expect(page.get_by_text(re.compile("AI is paused for everyone.*Paused by Rosa Marlowe"))).to_be_visible()
    expect(page.get_by_role("button", name="Again")).to_be_disabled()
    page.get_by_label("Role", exact=True).fill("Sceptical engineer")
    page.get_by_label("Role", exact=True).blur()
    expect(page.get_by_text("Draft saved")).to_be_visible()
    settle(page)
    visit(page, f"{server.url}/")
    expect(page.get_by_role("button", name="Go on writing Ada")).to_be_visible()
    assert len(server.calls()) == asked

    admin.get_by_role("button", name="Let everything go on").click()
    expect(admin.get_by_role("heading", name="AI is running")).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_text("AI is paused")).to_have_count(0)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Up to date")).to_be_visible()
    page.context.close()


def test_after_the_last_free_try_the_page_leads_on_to_a_confirmed_address(house, browser):
    server, _ = house
    page = unproved(browser, server, "cy@example.org")
    for used in (1, 2, 3):
        page.get_by_role("button", name="Again (uses 1 of 3)").click()
        expect(page.get_by_text(f"{used} of 3 free tries")).to_be_visible()
        settle(page)
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text("You have used your 3 free tries.")).to_be_visible()
    page.get_by_role("button", name="Confirm my e-mail").click()
    code = re.findall(r"code is (\d{6})", server.log)[-1]
    page.get_by_role("dialog").get_by_label("Code", exact=True).fill(code)
    with page.expect_response(lambda answer: answer.url.endswith("/session")):
        page.get_by_role("dialog").get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_text("questions today")).to_be_visible()
    page.context.close()
