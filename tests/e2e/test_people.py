"""How people come in, what ends their stay at once, and that nobody finds what somebody else left."""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import EMAIL, PASSWORD, Server, become_admin, new_context, serving, settle, sign_in, visit
from tests.e2e.mailbox import Mailbox, mail_server, openid_provider

pytestmark = pytest.mark.browser

CODE, TOKEN = r"code is (\d{6})", r"(http\S+/reset\?token=\w+)"
GOOGLE = {"sub": "google-1", "email": "gil@example.org", "email_verified": True, "name": "Gil Amos"}


@dataclass(frozen=True)
class House:
    """A running studio with an administrator, its mail, and browsers."""

    server: Server
    mail: Mailbox
    browser: Browser
    admin_state: Any

    def tab(self, path: str = "", **more: Any) -> Page:
        """A tab of a browser without history."""
        page = new_context(self.browser, **more).new_page()
        visit(page, f"{self.server.url}/{path}")
        return page

    def admin(self, path: str) -> Page:
        """A tab of the administrator."""
        return self.tab(path, storage_state=self.admin_state)

    def join(self, email: str, name: str, path: str = "") -> Page:
        """Sign up and confirm; returns the tab."""
        page = self.tab(path)
        page.get_by_role("button", name="Create an account").click()
        expect(page.get_by_role("heading", name="Create an account")).to_be_visible()
        settle(page)
        page.get_by_label("Your name").fill(name)
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        expect(page.get_by_role("heading", name="Confirm your e-mail")).to_be_visible()
        settle(page)
        page.get_by_label("Code", exact=True).fill(self.mail.find(email, CODE))
        with page.expect_response(lambda answer: answer.url.endswith("/session")):
            page.get_by_role("button", name="Confirm").click()
        page.get_by_role("button", name="Sign out").wait_for()
        settle(page)
        return page


@pytest.fixture(scope="module")
def house(browser, tmp_path_factory):
    """One studio for the journeys of this file; each has people of its own."""
    home = tmp_path_factory.mktemp("people")
    with mail_server() as (box, smtp), openid_provider(json.dumps(GOOGLE)) as provider:
        (home / "secrets.toml").write_text(
            "[auth]\n"
            'redirect_uri = "http://localhost:{port}/oauth2callback"\n'
            'cookie_secret = "0123456789abcdef0123456789abcdef"\n'
            'client_id = "studio"\nclient_secret = "secret"\n'
            f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
        )
        secrets = str(home / "secrets.toml")
        with (
            serving(home / "studio", "Hello.", SMTP_URL=smtp, STREAMLIT_SECRETS_FILES=secrets) as server,
            new_context(browser) as first,
        ):
            become_admin(first.new_page(), server)
            yield House(server, box, browser, first.storage_state())


def choose_only_row(page: Page) -> None:
    """Tick the one row of the table."""
    canvas = page.get_by_test_id("stDataFrame").locator("canvas").first
    canvas.wait_for()
    settle(page)
    corner = canvas.bounding_box()
    page.mouse.click(corner["x"] + 15, corner["y"] + 52)
    page.get_by_role("button", name="Sign out everywhere").wait_for()


def is_at_the_door(page: Page) -> None:
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_joining_by_mail_leads_on_and_a_new_password_signs_out_the_others(house):
    page = house.join("ada@example.org", "Ada Byron", "personas?search=writer")
    expect(page.get_by_role("heading", name="Personas", exact=True)).to_be_visible()
    expect(page.get_by_label("Search")).to_have_value("writer")
    other = house.tab()
    sign_in(other, "ada@example.org")

    visit(page, f"{house.server.url}/account")
    expect(page.get_by_text("This one")).to_be_visible()
    page.get_by_role("button", name="Change password").click()
    page.get_by_label("Present password", exact=True).fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("a whole new battery")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
    other.get_by_role("button", name="New persona").click()
    is_at_the_door(other)

    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    kept = json.loads(download.value.path().read_text())
    assert kept["profile"]["email"] == "ada@example.org"
    page.get_by_role("button", name="Delete account").click()
    page.get_by_role("dialog").get_by_label("Password", exact=True).fill("a whole new battery")
    page.get_by_role("button", name="Delete my account").click()
    is_at_the_door(page)


def test_a_mailed_link_sets_a_new_password(house):
    house.join("bo@example.org", "Bo Lind").context.close()
    page = house.tab()
    page.get_by_role("button", name="Forgot password").click()
    expect(page.get_by_role("heading", name="Forgot your password")).to_be_visible()
    settle(page)
    page.get_by_label("E-mail").fill("bo@example.org")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_text("a link is on its way")).to_be_visible()
    visit(page, house.mail.find("bo@example.org", TOKEN))
    page.get_by_label("New password", exact=True).fill("the next battery")
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("button", name="Sign out").wait_for()
    assert "token" not in page.url
    again = house.tab()
    sign_in(again, "bo@example.org", "the next battery")


def test_the_pause_after_wrong_tries_holds_in_every_browser_even_for_the_right_password(house):
    one, two = house.tab(), house.tab()
    for at, page in enumerate([one, two, one, two, one, two]):
        page.get_by_label("E-mail").fill("cy@example.org")
        page.get_by_label("Password", exact=True).fill(f"wrong {at}")
        page.get_by_role("button", name="Sign in", exact=True).click()
        said = "tried too often" if at == 5 else re.compile("more tr|last try")
        expect(page.get_by_text(said)).to_be_visible()
        settle(page)


def test_a_demotion_and_a_disabling_bite_at_the_next_click(house):
    page = house.join("di@example.org", "Di Okafor")
    admin = house.admin("people?search=di@example.org")
    choose_only_row(admin)
    admin.get_by_label("Role").last.click()
    admin.get_by_role("option", name="Admin").click()
    expect(admin.get_by_text("Di Okafor is now: admin")).to_be_visible()
    visit(page, f"{house.server.url}/audit")
    expect(page.get_by_role("heading", name="Audit", exact=True)).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert "person.role" in download.value.path().read_text()
    page.keyboard.press("Escape")
    settle(admin)
    admin.get_by_label("Role").last.click()
    admin.get_by_role("option", name="Member").click()
    expect(admin.get_by_text("Di Okafor is now: member")).to_be_visible()
    page.get_by_text("30 days").click()
    expect(page.get_by_text("This page is for administrators.")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    settle(admin)
    admin.get_by_role("button", name="Disable").click()
    expect(admin.get_by_text("Di Okafor is kept out")).to_be_visible()
    page.get_by_role("link", name="Personas").click()
    is_at_the_door(page)


def test_signing_out_leaves_nothing_to_the_next_person_and_ends_the_cookie(house):
    page = house.join("ed@example.org", "Ed Rao", "persona-builder")
    old = page.context.cookies()
    name = page.get_by_label("Name", exact=True)
    name.fill("Volcanologist")
    name.blur()
    expect(page.get_by_text("Draft saved")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    is_at_the_door(page)
    settle(page)
    assert "Volcanologist" not in page.content()
    sign_in(page, EMAIL)
    for path in ("persona-builder", "personas", ""):
        visit(page, f"{house.server.url}/{path}")
        assert "Volcanologist" not in page.content(), path

    thief = new_context(house.browser)
    thief.add_cookies(old)
    stolen = thief.new_page()
    visit(stolen, f"{house.server.url}/persona-builder")
    is_at_the_door(stolen)


def test_google_vouches_once_and_signing_out_is_the_end_of_it(house):
    page = house.tab()
    page.get_by_role("button", name="Continue with Google").click()
    page.get_by_role("button", name="google-1").click()
    page.get_by_role("button", name="Sign out").wait_for()
    settle(page)
    expect(page.get_by_text("Gil Amos")).to_be_visible()
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert "studio_session" in names and not [name for name in names if name.startswith("_streamlit_user")]
    page.get_by_role("button", name="Sign out").click()
    is_at_the_door(page)
    page.reload()
    settle(page)
    is_at_the_door(page)
