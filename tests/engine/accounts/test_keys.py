"""People's own keys: who pays, what is shown of them, and that nothing ever gives one back."""

import logging
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from engine import redaction
from engine.accounts.actor import Actor, Role
from engine.accounts.master_keys import MasterKeys
from engine.accounts.rotation import forget
from engine.errors import BadInput, Forbidden, KeyRejected, NotFound, ProviderQuota, Unreachable
from engine.generation import CallContext
from engine.llm import LLMRequest, Message, Secret
from engine.providers.scripted import Scripted
from engine.redaction import redacted
from engine.settings import load_settings
from engine.studio import Studio
from tests.engine.conftest import Clock, person

OWN, HOUSE = "sk-own-aaaaaaaaaaaa1111", "sk-house-bbbbbbbbbb2222"
HELLO = LLMRequest((Message("user", "hello"),), max_output_tokens=32)
CLI = CallContext("cli")


def card(studio: Studio, actor: Actor, provider: str = "openai"):  # type: ignore[no-untyped-def]
    return next(card for card in studio.keys.cards(actor) if card.provider == provider)


def test_an_own_key_pays_before_the_houses_until_it_is_paused_or_removed(
    open_with: Callable[..., Studio], openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY=HOUSE)
    ada, bob = person(studio, "Ada"), person(studio, "Bob")
    studio.keys.save(ada, "openai", f"  {OWN}\n")

    def payer(actor: Actor) -> tuple[str, str, int]:
        route = studio.generation.generate(actor, HELLO, CLI).route
        return openai.calls[-1][2].api_key.reveal(), route.key_source, route.tier

    assert payer(ada) == (OWN, "user", 3)
    assert payer(bob) == (HOUSE, "env", 2)
    studio.keys.pause(ada, "openai", paused=True)
    assert payer(ada) == (HOUSE, "env", 2)
    studio.keys.pause(ada, "openai", paused=False)
    assert payer(ada) == (OWN, "user", 3)
    studio.keys.remove(ada, "openai")
    assert payer(ada) == (HOUSE, "env", 2)


def test_an_own_key_that_is_refused_is_an_error_and_the_house_does_not_pay(
    open_with: Callable[..., Studio], openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY=HOUSE)
    ada = person(studio)
    studio.keys.save(ada, "openai", OWN)
    openai._answers = [KeyRejected("OpenAI does not accept the key …1111.")]
    with pytest.raises(KeyRejected):
        studio.generation.generate(ada, HELLO, CLI)
    assert [call[2].api_key.reveal() for call in openai.calls] == [OWN]


def test_a_card_shows_four_characters_and_how_the_key_does(studio: Studio, ada: Actor, openai: Scripted) -> None:
    assert (card(studio, ada).state, card(studio, ada).house) == ("none", None)
    assert card(studio, ada, "local").state == "always"
    studio.keys.save(ada, "openai", OWN)
    assert (card(studio, ada).state, card(studio, ada).hint) == ("untested", "…1111")
    assert studio.model_catalogue.test_key(ada, "openai").verdict == "working"
    assert card(studio, ada).state == "working" and card(studio, ada).checked_at is not None
    studio.generation.generate(ada, HELLO, CLI)
    assert card(studio, ada).last_used_at is not None
    studio.keys.pause(ada, "openai", paused=True)
    assert card(studio, ada).state == "paused"


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        (KeyRejected("It does not accept the key."), "refused"),
        (ProviderQuota("No credit left."), "no_quota"),
        (Unreachable("It cannot be reached."), "unreachable"),
    ],
    ids=["refused", "no quota", "unreachable"],
)
def test_a_test_says_in_words_what_it_found(
    studio: Studio, ada: Actor, openai: Scripted, monkeypatch: pytest.MonkeyPatch, failure: Exception, verdict: str
) -> None:
    def fail(credential: object) -> int:
        raise failure

    monkeypatch.setattr(openai, "check", fail)
    studio.keys.save(ada, "openai", OWN)
    test = studio.model_catalogue.test_key(ada, "openai")
    assert test.verdict == verdict and str(failure) in test.said
    assert (card(studio, ada).state, card(studio, ada).said) == (verdict, test.said)


@pytest.mark.parametrize("text", ["", "  ", "sk with spaces", "sk-ünïcode", "sk-a\0b", "x" * 513, "line\nbreak"])
def test_what_is_not_a_key_is_refused_and_the_earlier_one_stays(studio: Studio, ada: Actor, text: str) -> None:
    studio.keys.save(ada, "openai", OWN)
    with pytest.raises(BadInput) as refused:
        studio.keys.save(ada, "openai", text)
    assert refused.value.field == "Key" and (not text.strip() or text not in str(refused.value))
    assert card(studio, ada).hint == "…1111"


def test_keys_are_their_owners_alone(studio: Studio, ada: Actor) -> None:
    bob = person(studio, "Bob")
    studio.keys.save(ada, "openai", OWN)
    assert card(studio, bob).state == "none"
    for act in (
        lambda: studio.keys.kept(bob, "openai"),
        lambda: studio.keys.pause(bob, "openai", paused=True),
        lambda: studio.model_catalogue.test_key(bob, "openai"),
    ):
        with pytest.raises(NotFound):
            act()
    studio.keys.remove(bob, "openai")
    assert card(studio, ada).state == "untested"
    with pytest.raises(Forbidden):
        studio.keys.cards(None)  # type: ignore[arg-type]
    with pytest.raises(BadInput):
        studio.keys.save(ada, "local", OWN)


def test_a_key_that_moved_to_another_row_shows_needs_re_entry_and_breaks_nothing(
    studio: Studio, ada: Actor, local: Scripted
) -> None:
    bob = person(studio, "Bob")
    studio.keys.save(ada, "openai", OWN)
    studio.keys.save(bob, "openai", OWN)
    assert ada.person_id is not None and bob.person_id is not None
    with studio.database.write() as unit:
        hers, his = unit.keys.one(ada.person_id, "openai"), unit.keys.one(bob.person_id, "openai")
        assert hers is not None and his is not None
        unit.keys.put({**hers._mapping, "sealed": his.sealed})
        unit.keys.put({**his._mapping, "sealed": hers.sealed})
    assert card(studio, ada).state == card(studio, bob).state == "re_enter"
    with pytest.raises(KeyRejected, match="cannot be opened"):
        studio.generation.generate(ada, HELLO, CLI)
    answer = studio.generation.generate(ada, HELLO, CallContext("cli", model="local:smollm2"))
    assert answer.text and studio.models.choices(ada)
    studio.keys.save(ada, "openai", OWN)
    assert card(studio, ada).state == "untested"


def test_with_a_lost_master_key_the_house_goes_on_and_keys_are_entered_again(
    open_with: Callable[..., Studio], ada_at: Callable[[Studio], Actor]
) -> None:
    studio = open_with(STUDIO_MASTER_KEY="bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=")
    studio.keys.save(ada_at(studio), "openai", OWN)
    studio.close()
    open_with_new = {"STUDIO_MASTER_KEY": "b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28="}
    import os

    os.environ.update(open_with_new)
    forget(MasterKeys(load_settings()), studio.database, datetime.now(UTC))
    again = open_with(**open_with_new)
    assert card(again, ada_at(again)).state == "re_enter"


@pytest.fixture
def ada_at() -> Callable[[Studio], Actor]:
    """Ada, made once and found again."""

    def find(studio: Studio) -> Actor:
        operator = Actor.operator()
        if not studio.people.all(operator):
            person(studio)
        return studio.people.acting_as(operator, "ada@example.org")

    return find


def test_an_own_key_that_has_expired_is_refused_and_nobody_else_pays(
    open_with: Callable[..., Studio], openai: Scripted, clock: Clock
) -> None:
    studio = open_with(OPENAI_API_KEY=HOUSE)
    ada = person(studio)
    last = clock.now + timedelta(days=2)
    studio.keys.save(ada, "openai", OWN, expires_at=last)
    studio.generation.generate(ada, HELLO, CLI)
    assert (card(studio, ada).state, card(studio, ada).expires_at) == ("untested", last)
    clock.now = last
    assert card(studio, ada).state == "expired" and card(studio, ada).hint == "…1111"
    asked = len(openai.calls)
    with pytest.raises(KeyRejected, match="has expired"):
        studio.generation.generate(ada, HELLO, CLI)
    with pytest.raises(KeyRejected, match="has expired"):
        studio.keys.kept(ada, "openai")
    assert len(openai.calls) == asked and studio.models.choices(ada)
    studio.keys.pause(ada, "openai", paused=True)
    assert studio.generation.generate(ada, HELLO, CLI).route.key_source == "env"
    studio.keys.save(ada, "openai", OWN)
    assert (card(studio, ada).state, card(studio, ada).expires_at) == ("untested", None)


def test_a_house_key_that_has_expired_leaves_the_next_source_to_pay(
    open_with: Callable[..., Studio], openai: Scripted, clock: Clock
) -> None:
    studio = open_with(OPENAI_API_KEY="sk-env-cccccccccccc3333")
    rosa, ada = person(studio, "Rosa", role=Role.ADMIN), person(studio, "Ada")
    studio.keys.save(rosa, "openai", HOUSE, house=True, expires_at=clock.now + timedelta(hours=1))
    assert studio.generation.generate(ada, HELLO, CLI).route.key_source == "system"
    clock.forward(hours=1)
    assert studio.generation.generate(ada, HELLO, CLI).route.key_source == "env"
    (kept,) = [card for card in studio.keys.cards(rosa, house=True) if card.provider == "openai"]
    assert kept.state == "expired" and card(studio, ada).house == "env"


@pytest.mark.parametrize("ago", [0, 1])
def test_a_last_moment_that_is_over_is_refused_and_the_earlier_key_stays(
    studio: Studio, ada: Actor, clock: Clock, ago: int
) -> None:
    studio.keys.save(ada, "openai", OWN)
    with pytest.raises(BadInput) as refused:
        studio.keys.save(ada, "openai", HOUSE, expires_at=clock.now - timedelta(seconds=ago))
    assert refused.value.field == "Expires" and card(studio, ada).hint == "…1111"


def test_only_the_sealed_column_holds_a_key_and_sealed(studio: Studio, ada: Actor) -> None:
    studio.keys.save(ada, "openai", OWN)
    studio.generation.generate(ada, HELLO, CLI)
    assert ada.person_id is not None
    with studio.database.read() as unit:
        row = unit.keys.one(ada.person_id, "openai")
    assert row is not None and OWN not in repr(row) and row.sealed.startswith("s1.")


def test_a_secret_shows_itself_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("no-known-form-0123456789")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>30}".strip(), repr([secret]), repr({"k": secret})]
    assert all("no-known-form" not in text for text in shown) and shown[0] == "…6789"
    assert repr(Secret("short")) == "…"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert redacted("key no-known-form-0123456789 here") == "key … here"


@pytest.fixture
def clean_logs() -> Iterator[None]:
    """Logs of this test are cleaned; afterwards everything is as it was."""
    before = logging.getLogRecordFactory(), sys.excepthook, threading.excepthook
    redaction.install()
    yield
    logging.setLogRecordFactory(before[0])
    sys.excepthook, threading.excepthook = before[1:]
    logging.captureWarnings(False)


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abcdefghijklmnop",
        "sk-ant-api03-abcdefghij_k",
        "AIzaSyA1234567890abcdefghijklmnop",
        "gsk_abcdefghijklmnop",
        "GET /v1?key=abc123&x=1",
        "Authorization: Bearer abcdefgh.ijkl",
        "postgresql+psycopg://studio:hunter2@db/x",
    ],
)
def test_what_looks_like_a_key_reaches_no_log(caplog: pytest.LogCaptureFixture, clean_logs: None, text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("studio.test").exception("it said %s", text)
    formatted = caplog.text + "".join(record.exc_text or "" for record in caplog.records)
    for part in ("abcdefgh", "AIzaSyA1", "abc123", "hunter2"):
        assert part not in formatted


def test_an_admin_keeps_the_houses_keys_which_come_before_the_environment(
    open_with: Callable[..., Studio], openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY="sk-env-cccccccccccc3333")
    rosa, ada = person(studio, "Rosa", role=Role.ADMIN), person(studio, "Ada")
    studio.keys.save(rosa, "openai", HOUSE, house=True)
    route = studio.generation.generate(ada, HELLO, CLI).route
    assert (openai.calls[-1][2].api_key.reveal(), route.key_source) == (HOUSE, "system")
    (kept,) = [card for card in studio.keys.cards(rosa, house=True) if card.provider == "openai"]
    assert (kept.hint, kept.state) == ("…2222", "untested")
    assert card(studio, ada).house == "system" and card(studio, rosa).state == "none"
    assert studio.model_catalogue.test_key(rosa, "openai", house=True).verdict == "working"
    studio.keys.pause(rosa, "openai", paused=True, house=True)
    assert studio.generation.generate(ada, HELLO, CLI).route.key_source == "env"
    for act in (
        lambda: studio.keys.cards(ada, house=True),
        lambda: studio.keys.save(ada, "openai", OWN, house=True),
        lambda: studio.keys.remove(ada, "openai", house=True),
        lambda: studio.model_catalogue.test_key(ada, "openai", house=True),
    ):
        with pytest.raises(Forbidden):
            act()
    studio.keys.remove(rosa, "openai", house=True)
    assert card(studio, ada).house == "env"
