"""Who gets in, and what stands at an address for whom."""

import pytest
from streamlit.util import calc_hash

from engine.accounts.actor import Role
from pages.ui.navigation import PAGES, url_of
from tests.pages.conftest import PASSWORD


def titles(at):
    return [element.value for element in at.title]


def texts(at):
    return [element.value for element in [*at.markdown, *at.caption, *at.error, *at.warning, *at.info]]


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row[0])
def test_a_visitor_finds_the_sign_in_form_at_every_address(tab, row):
    at = tab()
    at._page_hash = calc_hash(url_of(row[0]))
    at.run()
    assert titles(at) == ["Welcome back"]
    assert not at.exception


@pytest.mark.parametrize("role", list(Role))
def test_a_member_of_any_role_sees_home_and_the_way_out(tab, add_person, role):
    at = tab(add_person(role=role))
    assert titles(at)[0].endswith(", Noor")
    assert "Sign out" in [button.label for button in at.sidebar.button]
    assert not at.exception


def test_signing_in_goes_on_and_the_browser_is_sent_for_its_cookie(tab, noor):
    at = tab()
    at.text_input[0].set_value(noor.email)
    at.text_input[1].set_value(PASSWORD)
    at.button[0].click().run()
    assert titles(at)[0].endswith(", Noor")


def errands(at):
    return [html.proto.body for html in at.get("html") if "fetch(" in html.proto.body]


def test_the_errand_for_the_cookie_stands_until_the_browser_has_run_it(tab, studio, noor):
    at = tab()
    at.text_input[0].set_value(noor.email)
    at.text_input[1].set_value(PASSWORD)
    at.button[0].click().run()
    first = errands(at)
    assert len(first) == 1
    assert errands(at.run()) == first
    studio.access.redeem(at.session_state["session_code"])
    assert errands(at.run()) == []


@pytest.mark.parametrize(
    ("email", "password"), [("noor@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("", "")]
)
def test_every_failed_sign_in_says_the_same(tab, noor, email, password):
    at = tab()
    at.text_input[0].set_value(email)
    at.text_input[1].set_value(password)
    at.button[0].click().run()
    assert titles(at) == ["Welcome back"]
    assert "E\\-mail or password does not match\\." in at.error[0].value


def test_signing_out_ends_the_session_and_forgets_what_was_typed(tab, studio, noor):
    at = tab(noor)
    session_id = at.session_state["session_id"]
    at.session_state["secret"] = "typed"
    next(button for button in at.sidebar.button if button.label == "Sign out").click().run()
    assert titles(at) == ["Welcome back"]
    assert "secret" not in at.session_state
    assert studio.access.actor(session_id) is None


def test_an_ended_session_meets_the_sign_in_form_at_its_next_click(tab, studio, noor):
    at = tab(noor, "studio/personas.py")
    studio.access.sign_out(at.session_state["session_id"])
    at.run()
    assert titles(at) == ["Welcome back"]


def setup_page(tab, token):
    at = tab()
    at.query_params["token"] = token
    at._page_hash = calc_hash("setup")
    return at.run()


def fill_setup(at, email="rosa@example.org", password=PASSWORD):
    for field, value in zip(at.text_input, ("Rosa Marlowe", email, password), strict=True):
        field.set_value(value)
    return at.button[0].click().run()


def test_the_setup_link_makes_the_first_admin_and_goes_on_to_home(tab, studio):
    token = studio.access.new_setup_link().partition("token=")[2]
    at = fill_setup(setup_page(tab, token))
    assert not at.exception
    assert not studio.access.setup_open()
    assert studio.access.actor(at.session_state["session_id"]).role is Role.ADMIN


@pytest.mark.parametrize(
    ("email", "password", "said"),
    [("no address", PASSWORD, "e\\-mail"), ("rosa@example.org", "short", "password"), ("", "", "e\\-mail")],
)
def test_a_refused_field_is_named_and_the_link_stays_good(tab, studio, email, password, said):
    token = studio.access.new_setup_link().partition("token=")[2]
    at = fill_setup(setup_page(tab, token), email, password)
    assert said in at.error[0].value.lower()
    assert studio.access.setup_open()
    fill_setup(at)
    assert not studio.access.setup_open()


def test_a_wrong_setup_link_makes_nobody(tab, studio):
    at = fill_setup(setup_page(tab, "wrong"))
    assert "used already or is too old" in at.error[0].value
    assert studio.access.setup_open()


def test_a_visitor_of_a_studio_without_admin_is_told_where_to_begin(tab):
    assert "setup link" in tab().info[0].value


def test_the_setup_address_is_an_ordinary_sign_in_once_there_is_an_admin(tab, add_person):
    add_person(role=Role.ADMIN)
    assert titles(setup_page(tab, "any")) == ["Welcome back"]
