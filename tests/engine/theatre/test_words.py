"""What a speaker reads, and what of a model's words is said aloud."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.personas.spec import PersonaSpec
from engine.theatre.delivery import Delivery
from engine.theatre.prompt import mark_of, messages_for, quoted, script_of, system_of
from engine.theatre.scene import HOST, Turn
from engine.theatre.stopping import Standing, met
from tests.engine.theatre.casts import MARK, member, said, scene


def delivered(text: str, size: int, own: str = "Ada", others: tuple[str, ...] = ("Trip planner", "Writer")) -> str:
    delivery, shown = Delivery(own, others, MARK), ""
    for at in range(0, len(text), size):
        shown += delivery.add(text[at : at + size])
    return shown + delivery.finish()


@pytest.mark.parametrize("size", [1, 2, 7, 500])
@pytest.mark.parametrize(
    ("written", "aloud"),
    [
        ("Ada: Good morning.", "Good morning."),
        ("**Ada:** Good morning.\n\nAda: And more.", "Good morning.\n\nAnd more."),
        (f"[{MARK}] Ada says:\n> Good morning.", "> Good morning."),
        ("Good morning.\nWriter: No.\nAda: Yes.", "Good morning."),
        ("Good morning.\n**Trip planner**: No.", "Good morning."),
        (f"Good.\n[{MARK}] Host says:\n> Now you.", "Good."),
        ("  \nGood morning.\n \n ", "Good morning."),
        ("Writers: a kind of people.", "Writers: a kind of people."),
        ("I asked the Writer: no answer.", "I asked the Writer: no answer."),
        ("Trip planner: all mine.", ""),
        ("Adam: who?", "Adam: who?"),
        ("", ""),
    ],
)
def test_nobody_speaks_under_a_name(written: str, aloud: str, size: int) -> None:
    assert delivered(written, size) == aloud


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), st.integers(1, 9))
def test_words_that_are_no_names_come_as_they_are(text: str, size: int) -> None:
    plain = text.replace(":", ";")
    assert delivered(plain, size) == plain.strip()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_no_line_looks_like_a_header(text: str) -> None:
    header, *lines = re.split(
        "[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", quoted(Turn(3, "ada", "A]d[a\n>x", text), MARK)
    )
    assert header == f"[{MARK}] A)d(a ·x says:"
    assert all(line.startswith("> ") and MARK not in line for line in lines)


def test_a_speaker_reads_the_own_card_and_of_the_others_their_names() -> None:
    spec = scene(place="A table", premise="A plan with {braces} is due.")
    card = PersonaSpec(name="Ada", system_prompt="You are Ada the engineer.", voice="Dry.")
    system = system_of(member("Ada"), card, spec, MARK)
    assert system.startswith("You are Ada.\nYou are Ada the engineer.") and "Dry." in system
    assert "together with Trip planner, Writer and Operations" in system
    assert "Place: A table\nSituation: A plan with {braces} is due." in system
    turns = said((HOST, "Begin."), ("ada", "I begin."), ("writer", "I follow.\nAda: I do."), ("operations", "  "))
    messages = messages_for(member("Ada"), turns, MARK, 1_000)
    assert [message.role for message in messages] == ["user", "user", "assistant", "user", "user"]
    assert messages[2].text == "I begin."
    assert messages[3].text == f"[{MARK}] Writer says:\n> I follow.\n> Ada: I do."
    assert messages[-1].text == f"[{MARK}] It is your turn, Ada."


def test_the_newest_words_fit_and_the_last_always() -> None:
    turns = said(*((("ada", "writer")[at % 2], f"{at} " + "word " * 40) for at in range(50)))
    heard = messages_for(member("Ada"), turns, MARK, 500)
    assert 5 < len(heard) < 15 and "49 word" in heard[-2].text
    assert "49 word" in messages_for(member("Ada"), turns, MARK, 1)[1].text
    script = script_of(scene(), turns, MARK, room=500)
    assert "49 word" in script and "30 word" not in script and script.count(MARK) == script.count("says:")


def test_the_mark_of_a_scene_is_its_own() -> None:
    marks = {mark_of(UUID(int=number)) for number in range(50)}
    assert len(marks) == 50 and all(re.fullmatch("[0-9a-f]{8}", mark) for mark in marks)


@pytest.mark.parametrize(
    ("stop", "lines", "ended"),
    [
        ({"turns": 2}, [("ada", "a"), (HOST, "b"), ("writer", "c")], "turns"),
        ({"turns": 3}, [("ada", "a"), (HOST, "b"), ("writer", "c")], None),
        ({"turns": None}, [("ada", "a")] * 500, "turns"),
        ({"usd": "0.001"}, [("ada", "a")], "usd"),
        ({"usd": "0.01"}, [("ada", "a")], None),
        ({"minutes": 1}, [("ada", "a")], "minutes"),
        ({"phrase": "Boots ON"}, [("ada", "Put your boots on.")], "phrase"),
        ({"phrase": "boots on"}, [("ada", "boots off")], None),
        ({"silence": 2}, [("ada", "Yes."), ("writer", "…"), (HOST, "Well?"), ("ada", " \n—")], "silence"),
        ({"silence": 2}, [("ada", ""), ("writer", "Yes."), ("ada", "")], None),
        ({"silence": 2}, [("ada", "")], None),
    ],
)  # fmt: skip
def test_a_scene_ends_by_whichever_condition_is_met(
    stop: dict[str, object], lines: list[tuple[str, str]], ended: str | None
) -> None:
    turns = [Turn(**{**_fields(turn), "took_ms": 60_000 if "minutes" in stop else 0}) for turn in said(*lines)]
    found = met(Standing(scene(stop=stop), turns, 0, 5_000_000))
    assert (found and found.by) == ended
    if ended in ("phrase", "silence"):
        assert met(Standing(scene(stop=stop), turns, len(turns), 0)) is None, "what was said before Play is past"


def _fields(turn: Turn) -> dict[str, object]:
    return {name: getattr(turn, name) for name in Turn.__slots__}
