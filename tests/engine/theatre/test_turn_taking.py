"""Who speaks next: written examples of each strategy, and what holds for any cast and any strategy."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Overloaded, Stopped
from engine.theatre.choosing import Lot, tagged_in
from engine.theatre.scene import HOST, SceneSpec, Transitions, Turn
from engine.theatre.turn_taking import STRATEGIES
from tests.engine.theatre.casts import HOST_ASKS, choose, member, picks, said, scene, spoken

FOLDER = Path(__file__).parents[3] / "engine/theatre/turn_taking"
LINES = ("Well.", "I ask the writer.", "Ada, and then Operations", "What a trip", "", "@Ada listen")


def test_every_strategy_stands_in_the_registry() -> None:
    there = {path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__"}
    assert there == {row.choose.__module__.rpartition(".")[2] for row in STRATEGIES.values()}


def test_round_robin_goes_by_the_cast_and_leaves_out_the_muted() -> None:
    spec = scene(
        *(member(name, mute=name == "Writer") for name in ("Ada", "Writer", "Operations")), strategy="round_robin"
    )
    turns: list[Turn] = said(HOST_ASKS)
    for _ in range(4):
        turns.append(spoken(spec, turns, choose(spec, turns), "Yes."))
    assert [turn.speaker for turn in turns] == [HOST, "ada", "operations", "ada", "operations"]
    assert [turn.reason for turn in turns[1:3]] == ["round robin: opens the scene", "round robin: after Ada"]


def test_addressed_is_whoever_was_named_first_else_the_longest_silent() -> None:
    spec = scene(strategy="addressed")
    turns = said(HOST_ASKS, ("ada", "Ask OPERATIONS first, then the writer."))
    assert (choice := choose(spec, turns)) and (choice.member, choice.reason) == ("operations", "named by Ada")
    turns = said((HOST, "Writer?"))
    assert (choice := choose(spec, turns)) and (choice.member, choice.reason) == ("writer", "named by you")
    turns = said(("ada", "Hm."), ("writer", "Hm."), ("operations", "Hm."), ("ada", "Ada is my name, said writers."))
    assert (choice := choose(spec, turns)) and choice.member == "trip-planner" and "longest silence" in choice.reason


def test_pooled_hears_everybody_once_after_each_line_of_the_host() -> None:
    spec = scene(strategy="pooled")
    turns = said(HOST_ASKS)
    for _ in range(9):
        turns.append(spoken(spec, turns, choose(spec, turns), "Yes."))
    first = [turn.speaker for turn in turns[1:5]]
    assert sorted(first) == sorted(each.id for each in spec.cast)
    assert {turn.reason for turn in turns[1:5]} == {"pooled: has not spoken since you did"}
    assert {turn.reason for turn in turns[5:]} == {"pooled: all have spoken, drawn by lot"}


def test_natural_hears_the_named_in_the_order_of_the_text_and_then_those_who_roll() -> None:
    cast = [member("Ada", talkativeness=1.0), member("Writer", talkativeness=0.0)]
    spec = scene(*cast, member("Operations", talkativeness=0.0), member("Trip planner", talkativeness=0.0))
    turns = said((HOST, "Operations, then the trip, please."))
    turns.append(spoken(spec, turns, choose(spec, turns), "Done."))
    turns.append(spoken(spec, turns, choose(spec, turns), "Done, Writer."))
    turns.append(spoken(spec, turns, choose(spec, turns), "I am always in."))
    assert [turn.speaker for turn in turns[1:]] == ["operations", "trip-planner", "ada"]
    assert turns[1].reason == turns[2].reason == "named by you" and turns[3].reason.startswith("natural: rolled 0.")
    assert [turn.queue == () for turn in turns[1:]] == [False, False, True], "the round is over with Ada"


def test_natural_bars_the_last_speaker_unless_the_host_has_spoken() -> None:
    spec = scene(member("Ada", talkativeness=1.0), member("Writer", talkativeness=1.0))
    assert (choice := choose(spec, said(("ada", "Ada said Ada.")))) and choice.member == "writer"
    assert (choice := choose(spec, said(("ada", "Yes."), (HOST, "Ada again")))) and choice.member == "ada"
    again = spec.model_copy(update={"transitions": Transitions(repeat=True)})
    assert (choice := choose(again, said(("ada", "Ada said Ada.")))) and choice.member == "ada"


def test_natural_draws_somebody_when_nobody_feels_like_it() -> None:
    shy, mute = member("Ada", talkativeness=0.0), member("Writer", talkativeness=0.0)
    spec = scene(shy, mute, member("Operations", talkativeness=0.0001))
    assert (choice := choose(spec, said((HOST, "Well?")))) and choice.member == "operations"
    assert choice.reason == "natural: nobody felt like it, drawn by lot"
    assert choose(scene(shy, mute), said((HOST, "Well?"))) is not None


def test_a_word_of_the_host_calls_up_a_new_round() -> None:
    spec = scene(*(member(name, talkativeness=1.0) for name in ("Ada", "Writer", "Operations")))
    turns = said((HOST, "Ada?"))
    turns.append(spoken(spec, turns, choose(spec, turns), "Yes."))
    assert len(turns[-1].queue) == 2
    turns += [Turn(number=2, speaker=HOST, name="Host", text="Operations!")]
    assert (choice := choose(spec, turns)) and choice.member == "operations" and choice.reason == "named by you"


def test_manual_waits_for_the_host_and_draws_for_a_single_step() -> None:
    spec = scene(strategy="manual")
    assert choose(spec, said(HOST_ASKS)) is None
    assert (choice := choose(spec, said(HOST_ASKS), nudged=True)) and choice.reason == "manual: drawn by lot"


def test_the_director_picks_by_number_from_those_who_may() -> None:
    spec = scene(strategy="director")
    turns = said(("ada", "Done."))  # so Ada may not, and number 1 is the planner
    choice = choose(spec, turns, director=picks(2, "the  prose\nis due"))
    assert choice and (choice.member, choice.reason) == ("writer", "director: the prose is due")
    alone = scene(member("Ada"), strategy="director")
    assert (choice := choose(alone, said(HOST_ASKS), director="never asked")) and "nobody else" in choice.reason


@pytest.mark.parametrize(
    "nonsense",
    ["", "Ada!", "[1]", "null", '"1"', "1", "{}", picks(0), picks(5), picks(-1), picks(1.5), picks("1"), picks(True),
     picks(None), picks([1]), "{" * 9_000, Overloaded("Too many.")],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
def test_a_director_who_answers_nonsense_moves_on_by_lot_and_says_so(nonsense: object) -> None:
    spec = scene(strategy="director")
    choice = choose(spec, said(HOST_ASKS), director=nonsense)
    assert choice is not None and spec.member(choice.member)
    assert choice.reason.startswith("director failed (") and choice.reason.endswith("), drawn by lot")
    assert choose(spec, said(HOST_ASKS), director=nonsense) == choice


def test_a_stopped_director_is_no_failure() -> None:
    with pytest.raises(Stopped):
        choose(scene(strategy="director"), said(HOST_ASKS), director=Stopped("Stopped."))


def test_a_tag_and_a_forced_speaker_come_before_everything() -> None:
    spec = scene(*(member(name, mute=name == "Writer") for name in ("Ada", "Writer")), strategy="round_robin")
    turns = [Turn(number=0, speaker=HOST, name="Host", text="You there", addressed="writer")]
    assert (choice := choose(spec, turns)) and (choice.member, choice.reason) == ("writer", "asked by you")
    assert (choice := choose(spec, turns, forced="ada")) and (choice.member, choice.reason) == ("ada", "chosen by you")


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("@Ada what now?", "ada"), ("well, @trip planner!", "trip-planner"), ("@trip-planner", "trip-planner"),
        ("Ada, what now?", ""), ("@Adam", ""), ("mail ada@example.org", ""), ("@Trip", ""), ("@WRITER.", "writer"),
    ],
)  # fmt: skip
def test_a_tag_is_a_whole_name_behind_an_at_sign(text: str, whom: str) -> None:
    assert tagged_in(text, scene().cast) == whom


def test_allowed_pairs_bind_those_who_speak_one_after_the_other() -> None:
    pairs = Transitions(pairs=(("ada", "writer"), ("writer", "operations")))
    spec = scene(strategy="random", transitions=pairs)
    assert {choose(spec.model_copy(update={"seed": seed}), said(("ada", "."))).member for seed in range(20)} == {
        "writer"
    }
    after_host = {choose(spec.model_copy(update={"seed": seed}), said((HOST, "."))).member for seed in range(40)}
    assert after_host == {each.id for each in spec.cast}


def test_chance_is_the_same_for_ever() -> None:
    lot = Lot(7, 3)
    assert [round(lot.roll(), 6) for _ in range(3)] == [0.043219, 0.418118, 0.515789]
    assert Lot(7, 3).shuffled("abcdef") == Lot(7, 3).shuffled("abcdef") != Lot(8, 3).shuffled("abcdef")


ids = st.sampled_from([each.id for each in scene().cast])
scenes = st.builds(
    lambda strategy, mute, talk, repeat, pairs, seed: scene(
        *(
            each.model_copy(update={"mute": each.id in mute, "talkativeness": talk[at]})
            for at, each in enumerate(scene().cast)
        ),
        strategy=strategy,
        seed=seed,
        transitions=Transitions(repeat=repeat, pairs=tuple(pairs)),
    ),
    st.sampled_from(sorted(STRATEGIES)),
    st.sets(ids),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.booleans(),
    st.lists(st.tuples(ids, ids), max_size=5),
    st.integers(0, 2**31 - 1),
)
told = st.lists(st.sampled_from([*LINES, "host speaks"]), min_size=12, max_size=24)
directions = st.sampled_from(["nonsense", *(picks(number) for number in range(6))])


@settings(max_examples=300, deadline=None)
@given(spec=scenes, lines=told, director=directions, nudged=st.booleans())
def test_whatever_the_cast_and_the_strategy_mute_and_transitions_hold_and_the_order_comes_again(
    spec: SceneSpec, lines: list[str], director: str, nudged: bool
) -> None:
    def played() -> list[Turn]:
        turns: list[Turn] = []
        for text in lines:
            if text == "host speaks":
                turns.append(Turn(number=len(turns), speaker=HOST, name="Host", text="And the writer?"))
            elif (choice := choose(spec, turns, director=director, nudged=nudged)) is not None:
                turns.append(spoken(spec, turns, choice, text))
        return turns

    turns = played()
    assert played() == turns, "the same seed and the same words give the same order"
    followers = {who: {to for one, to in spec.transitions.pairs if one == who} for who, _ in spec.transitions.pairs}
    for before, turn in zip([None, *turns], turns, strict=False):
        if turn.speaker == HOST:
            continue
        assert not spec.member(turn.speaker).mute, "a muted member spoke"
        if before is not None and before.speaker != HOST:
            assert spec.transitions.repeat or turn.speaker != before.speaker, "somebody spoke twice in a row"
            assert turn.speaker in followers.get(before.speaker, {turn.speaker}), "a pair that is not allowed"
