"""Nobody sees a page before they are signed in, whichever address they open first."""

import json
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PASSWORD, become_admin, settle, sign_in, visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", ["usage", "people"])
def test_the_first_address_ever_opened_shows_only_the_sign_in_form(serve, page, path):
    server = serve(answer="Hello.")
    for address in (path, "audit", "departments", "persona-builder"):
        visit(page, f"{server.url}/{address}")
        expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
        expect(page.get_by_test_id("stSidebar")).to_have_count(0)
        for title in ("Home", "Personas", "Persona builder", "Usage", "People", "Audit", "Departments"):
            expect(page.get_by_text(title, exact=True)).to_have_count(0)


def test_a_deep_link_goes_on_to_the_page_it_asked_for(serve, browser, page):
    server = serve(answer="Hello.")
    become_admin(page, server)
    stranger = browser.new_context().new_page()
    visit(stranger, f"{server.url}/personas?search=writer")
    expect(stranger.get_by_role("heading", name="Welcome back")).to_be_visible()
    sign_in(stranger)
    expect(stranger.get_by_text("1 found")).to_be_visible()
    expect(stranger.get_by_label("Search")).to_have_value("writer")
    stranger.context.close()
    admin = browser.new_context().new_page()
    visit(admin, f"{server.url}/people?search=nobody")
    sign_in(admin)
    expect(admin.get_by_role("heading", name="People", exact=True)).to_be_visible()
    expect(admin.get_by_text("Nobody here is like that")).to_be_visible()
    admin.context.close()


def test_signing_out_in_one_tab_ends_the_session_in_the_other(serve, context, page):
    server = serve(answer="Hello.")
    become_admin(page, server)
    other = context.new_page()
    visit(other, f"{server.url}/personas")
    expect(other.get_by_role("heading", name="Personas", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    other.get_by_role("button", name="New persona").click()
    expect(other.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_a_setup_link_works_once_and_a_wrong_password_says_little(serve, browser, page):
    server = serve(answer="Hello.")
    become_admin(page, server)
    late = browser.new_context().new_page()
    visit(late, server.setup_link)
    expect(late.get_by_role("heading", name="Welcome back")).to_be_visible()
    late.get_by_label("E-mail").fill("nobody@example.org")
    late.get_by_label("Password", exact=True).fill(PASSWORD)
    late.get_by_role("button", name="Sign in", exact=True).click()
    expect(late.get_by_text("E-mail or password does not match.")).to_be_visible()
    late.context.close()


def test_the_cookie_is_out_of_reach_of_scripts(serve, context, page):
    become_admin(page, serve(answer="Hello."))
    cookie = next(each for each in context.cookies() if each["name"] == "studio_session")
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    assert "studio_session" not in page.evaluate("document.cookie")
    page.reload()
    settle(page)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def status(url, *, method="POST", **headers):
    request = urllib.request.Request(url, data=b"no-such-code", method=method, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers)


def test_only_our_own_pages_may_ask_for_the_cookie_and_every_answer_has_the_headers(serve):
    server = serve(answer="Hello.")
    session = f"{server.url}/session"
    for method in ("POST", "DELETE"):
        assert status(session, method=method)[0] == 403, "no Origin"
        assert status(session, method=method, Origin="https://evil.example")[0] == 403
        assert status(session, method=method, Origin="null")[0] == 403
    assert status(session, Origin=server.url)[0] == 400, "ours, but the code is wrong"
    assert status(session, method="DELETE", Origin=server.url)[0] == 204
    assert status(server.url, method="GET", Host="evil.example")[0] == 400
    for url in (server.url, f"{server.url}/_stcore/health", session):
        headers = {name.lower(): value for name, value in status(url, method="GET")[1].items()}
        assert "frame-ancestors 'none'" in headers["content-security-policy"], json.dumps(headers)
        assert headers["x-content-type-options"] == "nosniff"
