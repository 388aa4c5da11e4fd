"""Keys: one's own as cards, a field that only takes in, and where the house's come from."""

from datetime import UTC, datetime

import pytest
import streamlit as st

from db.models.base import NOBODY
from engine.accounts.actor import Role
from engine.errors import KeyRejected, ProviderQuota, Unreachable

PAGE = "settings/keys.py"
KEY = "sk-planted-0123456789abcdef-4f2a"


def offered(at, provider="openai"):
    """What can be done with the key at a provider."""
    return [button.label for button in at.main.button if (button.key or "").startswith(f"{provider}/")]


def words(at):
    """All that the page says."""
    kinds = (at.markdown, at.caption, at.success, at.error, at.warning, at.info, at.toast)
    return " ".join(element.value for kind in kinds for element in kind)


def press(at, label):
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception
    return at


def held(at):
    """All that the tab's session holds, as text."""
    return repr(at.session_state._state._state)


def enter(at, text):
    """Type a key into the dialog and save it."""
    at.text_input(key="new key/1").set_value(text)
    return press(at, "Save and test")


@pytest.fixture
def card(studio, noor):
    """The card of the key at OpenAI as it is now."""
    return lambda: next(card for card in studio.keys.cards(noor) if card.provider == "openai")


@pytest.fixture
def kept(studio, noor):
    """A key that is there already."""
    studio.keys.save(noor, "openai", KEY)


def test_without_a_key_the_page_says_who_answers_and_offers_to_add_one(tab, noor):
    at = tab(noor, PAGE)
    assert "No key" in words(at) and "Nobody has a key for OpenAI" in words(at)
    assert "Always there" in words(at)
    assert offered(at) == ["Add key"]


def test_a_key_that_is_saved_is_tested_at_once_and_its_text_is_kept_nowhere(tab, noor, card, openai):
    at = enter(press(tab(noor, PAGE), "Add key"), f"  {KEY}\n")
    assert card().state == "working"
    assert "1 models in" in words(at) and "`…4f2a`" in words(at)
    assert KEY not in held(at) and KEY not in words(at)
    assert offered(at) == ["Test", "Replace", "Pause", ":red[Remove]"]


def test_the_text_of_a_key_has_left_the_session_before_it_is_stored(tab, studio, noor, monkeypatch):
    seen = []

    def save(_, __, provider, text, *, house, expires_at):
        seen.append((provider, text, st.session_state["new key/1"]))

    monkeypatch.setattr(type(studio.keys), "save", save)
    enter(press(tab(noor, PAGE), "Add key"), KEY)
    assert seen == [("openai", KEY, "")]


@pytest.mark.parametrize("wrong", ["", "   ", "two words", "ключ", "x" * 513])
def test_what_cannot_be_a_key_is_refused_and_forgotten_too(tab, noor, card, wrong):
    at = press(tab(noor, PAGE), "Add key")
    enter(at, wrong)
    assert card().state == "none"
    assert not wrong.strip() or wrong not in held(at)


@pytest.mark.parametrize(
    ("problem", "word"),
    [
        (KeyRejected("OpenAI does not accept the key …4f2a.", hint="Make a new one."), "Refused"),
        (ProviderQuota("The account has no credit left.", hint="Top it up."), "No credit"),
        (Unreachable("OpenAI cannot be reached.", hint="Try again."), "Unreachable"),
    ],
)
def test_a_test_that_fails_says_why_in_the_card(tab, noor, kept, openai, monkeypatch, problem, word):
    def check(_):
        raise problem

    monkeypatch.setattr(openai, "check", check)
    at = press(tab(noor, PAGE), "Test")
    assert word in words(at)
    assert problem.message in words(at).replace("\\", "") and problem.hint in words(at).replace("\\", "")


def test_a_key_can_be_paused_and_used_again(tab, noor, kept, card):
    at = press(tab(noor, PAGE), "Pause")
    assert card().state == "paused" and "Paused" in words(at)
    at = press(at, "Use again")
    assert card().state == "untested" and "Not tested" in words(at)


def test_removing_names_what_is_lost_and_asks(tab, noor, kept, card):
    at = press(tab(noor, PAGE), ":red[Remove]")
    assert "`…4f2a`" in words(at) and "cannot be brought back" in words(at)
    assert card().state != "none"


def test_a_key_that_cannot_be_opened_asks_to_be_entered_again(tab, studio, noor, kept):
    with studio.database.write() as unit:
        row = unit.keys.one(noor.person_id, "openai")
        unit.keys.put({**row._mapping, "sealed": row.sealed[:-4] + "AAAA"})
    at = tab(noor, PAGE)
    assert "Needs re-entry" in words(at)
    assert offered(at) == ["Replace", ":red[Remove]"]


def test_a_key_may_have_a_last_day(tab, noor, card):
    at = press(tab(noor, PAGE), "Add key")
    today = at.date_input(key="new key/1/expires").min
    at.date_input(key="new key/1/expires").set_value(today)
    enter(at, KEY)
    assert card().state == "working" and "expires after" in words(at)
    assert (card().expires_at - datetime.now(UTC)).days == 0
    enter_again = press(tab(noor, PAGE), "Replace")
    enter(enter_again, KEY)
    assert card().expires_at is None


@pytest.mark.parametrize("whose", ["own", "house"])
def test_a_key_that_has_expired_says_so_and_can_only_be_replaced(tab, studio, add_person, whose):
    rosa, house = add_person("rosa@example.org", Role.ADMIN), whose == "house"
    studio.keys.save(rosa, "openai", KEY, house=house)
    with studio.database.write() as unit:
        row = unit.keys.one(NOBODY if house else rosa.person_id, "openai")
        unit.keys.put({**row._mapping, "expires_at": datetime(2026, 3, 4, tzinfo=UTC)})
    at = tab(rosa, PAGE)
    assert "Expired" in words(at) and "last day was 3 Mar 2026" in words(at)
    assert offered(at, f"openai/{whose}") == ["Replace", ":red[Remove]"]


def test_a_key_that_another_tab_removed_is_missed_in_words(tab, studio, noor, kept):
    at = tab(noor, PAGE)
    studio.keys.remove(noor, "openai")
    at = press(at, "Test")
    assert "no key for OpenAI" in words(at)
    assert offered(at) == ["Add key"]


def test_the_house_says_where_its_key_comes_from(tab, noor, studio, monkeypatch):
    assert "No key" in words(tab(noor, PAGE))
    house = {"OPENAI_API_KEY": "sk-house-0123456789"}
    monkeypatch.setattr(type(studio.settings), "provider_variable", lambda _, name: house.get(name, ""))
    assert "Set in the environment of the server" in words(tab(noor, PAGE))


def test_nobody_sees_the_keys_of_somebody_else(tab, noor, kept, add_person):
    assert "4f2a" not in words(tab(add_person("rosa@example.org"), PAGE))


def test_an_admin_keeps_the_houses_keys_beside_their_own(tab, studio, add_person, noor):
    rosa = add_person("rosa@example.org", Role.ADMIN)
    at = tab(rosa, PAGE)
    assert offered(at, "openai/house") == ["Add key"] and offered(at, "openai/own") == ["Add key"]
    at.button(key="openai/house/add").click().run()
    enter(at, KEY)
    kept = {card.provider: card for card in studio.keys.cards(rosa, house=True)}["openai"]
    assert (kept.hint, kept.state) == ("…4f2a", "working") and KEY not in held(at)
    assert next(card for card in studio.keys.cards(rosa) if card.provider == "openai").state == "none"
    assert "Stored by an administrator" in words(tab(noor, PAGE))
    assert offered(tab(noor, PAGE), "openai/house") == []
