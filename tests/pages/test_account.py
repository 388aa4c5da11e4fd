"""Account: one's profile, where one is signed in, and what keeps the account safe."""

import json

import pytest

from engine.accounts.sessions import Visitor
from engine.errors import Forbidden
from pages.ui import security
from tests.pages.conftest import PASSWORD

PAGE = "settings/account.py"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile Safari/604.1"


def words(at):
    kinds = (at.markdown, at.caption, at.error, at.warning, at.toast, at.code)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")


def labels(at):
    return [button.label for button in at.main.button]


def press(at, label):
    next(button for button in at.main.button if button.label == label).click().run()
    assert not at.exception
    return at


def field(at, label):
    return next(each for each in at.text_input if each.label == label)


@pytest.fixture
def elsewhere(studio, noor):
    """A session of hers on her phone."""
    return studio.access.sign_in(noor.email, PASSWORD, visitor=Visitor("203.0.113.9", PHONE)).session_id


def test_the_page_says_who_one_is_and_what_is_left(tab, noor):
    at = tab(noor, PAGE)
    assert "Noor Haddad · verified · member" in words(at)
    assert field(at, "E-mail").value == noor.email and field(at, "E-mail").disabled
    assert "of" in words(at) and "Calls on your own keys are never limited" in words(at)
    assert "You sign in with a password" in words(at)


def test_name_and_handle_are_changed_and_a_refusal_keeps_what_was_typed(tab, studio, noor, add_person):
    at = tab(noor, PAGE)
    field(at, "Name").set_value("Noor H.")
    field(at, "Handle").set_value("noor")
    press(at, "Save")
    profile = studio.account.profile(noor)
    assert (profile.name, profile.handle) == ("Noor H.", "noor") and "Your profile is saved" in words(at)
    field(at, "Handle").set_value("Not A Handle!")
    press(at, "Save")
    assert "A handle has" in words(at) and field(at, "Handle").value == "Not A Handle!"


def test_other_browsers_are_listed_and_signed_out_one_by_one(tab, studio, noor, elsewhere):
    at = tab(noor, PAGE)
    assert "Mobile Safari on iOS" in words(at) and "203.0.113.9 · active" in words(at)
    at.button(key=f"end/{elsewhere}").click().run()
    assert studio.access.actor(elsewhere) is None
    assert "203.0.113.9" not in words(at) and "Sign out everywhere else" not in labels(at)


def test_all_others_are_signed_out_and_this_one_stays(tab, studio, noor, elsewhere):
    at = press(tab(noor, PAGE), "Sign out everywhere else")
    assert studio.access.actor(elsewhere) is None
    assert [title.value for title in at.title] == ["Account"]


def test_an_authenticator_begins_with_the_password_and_its_secret_is_not_kept_in_the_page(tab, studio, noor):
    at = press(tab(noor, PAGE), "Add authenticator")
    assert field(at, "Password") and "Scan this" not in words(at)
    studio.account.begin_second_factor(noor, PASSWORD)
    at.session_state[security.BEGUN] = True
    press(at, "Add authenticator")
    secret = studio.account.pending_second_factor(noor).secret
    assert secret in words(at)
    assert secret not in repr(at.session_state._state.filtered_state)
    assert "Remove authenticator" not in labels(at)


def test_deleting_names_what_is_lost_and_asks_for_the_password(tab, studio, noor):
    at = press(tab(noor, PAGE), ":red[Delete account]")
    assert "This cannot be undone" in words(at) and field(at, "Password")
    assert studio.account.profile(noor)


def test_ones_data_is_made_when_it_is_asked_for(tab, studio, noor):
    session = tab(noor, PAGE).session_state["session_id"]
    found = json.loads(security.my_data(session))
    assert found["profile"]["email"] == noor.email
    assert PASSWORD not in json.dumps(found)
    studio.access.sign_out(session)
    with pytest.raises(Forbidden):
        security.my_data(session)
