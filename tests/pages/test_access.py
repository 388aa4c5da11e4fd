"""Who gets in, and what stands at an address for whom."""

import re
import time

import pyotp
import pytest
from streamlit.util import calc_hash

from engine.accounts.actor import Role, Standing
from engine.accounts.sessions import Visitor
from engine.settings import load_settings
from engine.studio import open_studio
from pages.ui.context import use_studio
from pages.ui.navigation import PAGES, url_of
from tests.pages.conftest import PASSWORD


def titles(at):
    return [element.value for element in at.title]


def texts(at):
    return [element.value for element in [*at.markdown, *at.caption, *at.error, *at.warning, *at.info]]


@pytest.mark.parametrize("row", [row for row in PAGES if None not in row[4]], ids=lambda row: row[0])
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


def at_address(tab, address, person=None, **query):
    """A tab that opens an address."""
    at = tab(person)
    at.query_params.update(query)
    at._page_hash = calc_hash(address)
    at.run()
    at._page_hash = ""  # from here on it goes where the pages send it
    return at


def press(at, label):
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception
    return at


def fill(at, **fields):
    for label, value in fields.items():
        next(f for f in at.text_input if f.label.replace("-", "").replace(" ", "_").lower() == label).set_value(value)
    return at


def labels(at):
    return [field.label for field in at.text_input]


def mailed(caplog, pattern):
    """What the last mail said; without a mail server the log has it."""
    letter = next(record.getMessage() for record in reversed(caplog.records) if record.name == "studio.mail")
    return re.search(pattern, letter)[1]


def test_the_form_counts_the_tries_that_are_left_and_then_asks_for_a_pause(tab, noor):
    at = tab()
    said = []
    for _ in range(6):
        press(fill(at, email=noor.email, password="wrong"), "Sign in")
        said += [element.value for element in [*at.error, *at.warning]]
    assert "Four more tries before a five\\-minute pause" in said[0]
    assert "That was tried too often\\. Try again in" in said[5]
    press(fill(at, email=noor.email, password=PASSWORD), "Sign in")
    assert titles(at) == ["Welcome back"]


def test_an_authenticator_is_asked_for_only_after_the_right_password(tab, studio, noor):
    studio.account.begin_second_factor(noor, PASSWORD)
    secret = studio.account.pending_second_factor(noor).secret
    app = pyotp.TOTP(secret)
    studio.account.confirm_second_factor(noor, app.at(time.time() - 30))
    at = press(fill(tab(), email=noor.email, password="wrong"), "Sign in")
    assert labels(at) == ["E-mail", "Password"]
    press(fill(at, email=noor.email, password=PASSWORD), "Sign in")
    assert labels(at) == ["E-mail", "Password", "Code"] and not at.error
    press(fill(at, code="000000"), "Sign in")
    assert "That code is not right" in at.error[0].value
    press(fill(at, code=app.now()), "Sign in")
    assert titles(at)[0].endswith(", Noor")


def sign_up(at, email="ada@example.org"):
    press(at, "Create an account")
    return press(fill(at, your_name="Ada Byron", email=email, password=PASSWORD), "Create account")


def test_whoever_signs_up_confirms_by_the_mailed_code_and_goes_on_to_where_they_wanted(tab, studio, add_person, caplog):
    add_person(role=Role.ADMIN)
    at = sign_up(at_address(tab, "personas", search="writer"))
    assert titles(at) == ["Confirm your e-mail"] and at.text_input[0].value == "ada@example.org"
    press(fill(at, code="abc"), "Confirm")
    assert "That code is not right" in at.error[0].value
    press(fill(at, code=mailed(caplog, r"code is (\d{6})")), "Confirm")
    assert titles(at) == ["Personas"]
    assert next(field.value for field in at.text_input if field.label == "Search") == "writer"
    assert studio.access.actor(at.session_state["session_id"]).standing is Standing.VERIFIED


def test_signing_up_with_a_taken_address_looks_the_same(tab, add_person, caplog):
    add_person(role=Role.ADMIN)
    free, taken = sign_up(tab()), sign_up(tab(), "noor@example.org")
    assert texts(free) == texts(taken)
    assert "has an account already" in mailed(caplog, r"(?s)(.*)")


def test_a_code_on_another_machine_leaves_the_password_to_be_set(tab, studio, add_person, caplog):
    add_person(role=Role.ADMIN)
    elsewhere = Visitor("203.0.113.9", "another browser")
    studio.joining.sign_up(email="ada@example.org", name="Ada", password=PASSWORD, visitor=elsewhere)
    at = fill(at_address(tab, "verify"), email="ada@example.org", code=mailed(caplog, r"code is (\d{6})"))
    press(at, "Confirm")
    assert titles(at) == ["Account"]
    assert "Set a password" in [button.label for button in at.button]


def test_a_house_by_invitation_offers_no_sign_up(tab, studio, add_person, monkeypatch):
    add_person(role=Role.ADMIN)
    monkeypatch.setenv("STUDIO_SIGNUP", "invite")
    by_invitation = open_studio(load_settings())
    use_studio(by_invitation)
    try:
        assert "Create an account" not in [button.label for button in tab().button]
        assert titles(at_address(tab, "sign-up")) == ["By invitation"]
    finally:
        use_studio(studio)
        by_invitation.close()


@pytest.mark.parametrize("address", ["sign-up", "verify", "reset"])
def test_whoever_is_signed_in_is_taken_on_from_the_doors(tab, noor, address):
    at = at_address(tab, address, noor)
    assert titles(at)[0].endswith(", Noor")


def test_a_forgotten_password_is_set_by_the_mailed_link_which_works_once(tab, studio, noor, caplog):
    at = press(tab(), "Forgot password")
    press(fill(at, email="nobody@example.org"), "Mail me a link")
    said = at.success[0].value
    press(fill(at, email=noor.email), "Mail me a link")
    assert at.success[0].value == said
    token = mailed(caplog, r"token=(\w+)")
    at = at_address(tab, "reset", token=token)
    press(fill(at, new_password="short"), "Set the password")
    assert at.error
    press(fill(at, new_password="a new battery"), "Set the password")
    assert titles(at)[0].endswith(", Noor") and "token" not in at.query_params
    again = press(fill(at_address(tab, "reset", token=token), new_password="a third battery"), "Set the password")
    assert "used already" in again.error[0].value
    assert studio.access.sign_in(noor.email, "a new battery")


def test_a_link_for_somebody_else_forgets_whoever_was_here_before(tab, studio, noor, add_person, caplog):
    ada = add_person("ada@example.org")
    studio.joining.request_reset(ada.email)
    at = at_address(tab, "reset", noor, token=mailed(caplog, r"token=(\w+)"))
    first = at.session_state["session_id"]
    at.session_state["draft"] = "typed by Noor"
    press(fill(at, new_password="a new battery"), "Set the password")
    assert studio.access.actor(at.session_state["session_id"]).person_id == ada.person_id
    assert "draft" not in at.session_state
    assert studio.access.actor(first) is None


def test_an_unverified_person_is_reminded_where_they_are_and_confirms_while_signed_in(tab, studio, add_person, caplog):
    ada = add_person("ada@example.org", verified=False)
    studio.joining.send_code(ada.email)
    at = press(tab(ada, "studio/personas.py"), "Enter the code")
    assert "Code" in labels(at)
    at = at_address(tab, "verify", ada)
    assert next(field for field in at.text_input if field.label == "E-mail").disabled
    press(fill(at, code=mailed(caplog, r"code is (\d{6})")), "Confirm")
    assert studio.access.actor(at.session_state["session_id"]).standing is Standing.VERIFIED
    at.switch_page("studio/personas.py").run()
    assert "Enter the code" not in [button.label for button in at.button]


GOOGLE = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "0123456789abcdef",
    "client_id": "studio",
    "client_secret": "secret",
    "server_metadata_url": "https://accounts.example.org/.well-known/openid-configuration",
}


def proof(**more):
    return {
        "is_logged_in": True,
        "iss": "https://accounts.example.org",
        "sub": "1",
        "email": "ada@example.org",
        "email_verified": True,
        "name": "Ada Byron",
        "iat": int(time.time()),
        **more,
    }


def back_from_google(tab, **more):
    at = tab()
    at.secrets["auth"], at.user = GOOGLE, proof(**more)
    return at.run()


def test_google_is_offered_only_where_it_is_set_up(tab, noor):
    at = tab()
    assert "Continue with Google" not in [button.label for button in at.button]
    at.secrets["auth"] = {"cookie_secret": "0123456789abcdef"}
    assert "Continue with Google" not in [button.label for button in at.run().button]
    at.secrets["auth"] = GOOGLE
    assert "Continue with Google" in [button.label for button in at.run().button]


def test_googles_proof_is_taken_once_and_then_our_session_counts(tab, studio, add_person):
    add_person(role=Role.ADMIN)
    at = back_from_google(tab)
    assert titles(at)[0].endswith(", Ada")
    assert errands(at), "the browser is sent for our cookie, and drops the proof with it"
    next(button for button in at.sidebar.button if button.label == "Sign out").click().run()
    assert titles(at) == ["Welcome back"]
    assert titles(at.run()) == ["Welcome back"]


@pytest.mark.parametrize("more", [{"iat": 1_700_000_000}, {"iat": None}, {"is_logged_in": False}])
def test_an_old_proof_signs_nobody_in(tab, add_person, more):
    add_person(role=Role.ADMIN)
    assert titles(back_from_google(tab, **more)) == ["Welcome back"]


def test_a_refused_proof_is_explained_and_dropped(tab, add_person):
    add_person(role=Role.ADMIN)
    at = back_from_google(tab, email_verified="true")
    assert titles(at) == ["Welcome back"]
    assert "not verified there" in at.error[0].value
    assert "DELETE" in errands(at)[0]
