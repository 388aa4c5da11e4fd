"""Playing a scene: who is called with what, what is kept, and what a person can do meanwhile."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest

from engine.accounts.actor import Actor
from engine.errors import BadInput, NotFound, Overloaded, ProviderQuota
from engine.llm import LLMRequest
from engine.providers.scripted import Gate
from engine.studio import Studio
from engine.theatre import player
from engine.theatre.prompt import mark_of
from engine.theatre.scene import HOST
from tests.db.races import race
from tests.engine.conftest import Clock, person
from tests.engine.personas.test_catalogue import published
from tests.engine.theatre.acting import Acting, order, performance, played, speaker_of, spoken, still
from tests.engine.theatre.casts import choose, picks
from tests.engine.waiting import until

OPERATOR = Actor.operator()
KEY = "sk-test-000000000000"
EIGHT = (
    *("general", "maestro", "developer", "writer", "trip-planner", "document-assistant", "support-agent"),
    "operations",
)


def staged(studio: Studio, actor: Actor, *cast: str, **more: object) -> UUID:
    """A scene with these personas."""
    parts = [{"persona": key} for key in cast or ("operations", "writer", "maestro")]
    scene = {"title": "A scene", "strategy": "round_robin", "stop": {"turns": 3}, "cast": parts} | more
    return studio.scenes.create(actor, scene)


def test_each_turn_is_one_call_that_sees_its_own_card_and_the_words_of_the_others(
    studio: Studio, ada: Actor, local: Acting
) -> None:
    local.say = lambda request: f"{speaker_of(request)}: I am {speaker_of(request)}, ask Writer.\nHost: And now me."
    scene_id = staged(studio, ada, opening="@Writer begin, please.", place="A table")
    found = played(studio, ada, scene_id)
    names = {member.id: member.name for member in found.scene.spec.cast}
    assert [(turn.speaker, turn.text, turn.reason) for turn in found.turns] == [
        (HOST, "@Writer begin, please.", ""),
        ("writer", "I am Writer, ask Writer.", "asked by you"),
        ("maestro", f"I am {names['maestro']}, ask Writer.", "round robin: after Writer"),
        ("operations", f"I am {names['operations']}, ask Writer.", f"round robin: after {names['maestro']}"),
    ]
    assert (found.scene.state, found.scene.said.by) == ("ended", "turns")
    cards = {key: studio.personas.get(ada, key).spec.system_prompt[:40] for key in ("writer", "maestro", "operations")}
    for turn, request in zip(spoken(found), local.calls, strict=True):
        assert [key for key, card in cards.items() if card in request.system] == [turn.speaker]
        assert not any(card in message.text for message in request.messages for card in cards.values())
    mark = mark_of(scene_id)
    assert local.calls[1].messages[1].text == f"[{mark}] Host says:\n> @Writer begin, please."
    assert local.calls[1].messages[2].text == f"[{mark}] Writer says:\n> I am Writer, ask Writer."
    turn = found.turns[1]
    assert turn.model and turn.route["provider"] == "local" and turn.persona_version == 1 and turn.cost_usd == 0
    assert local.stopped == 3, "nobody writes on for somebody else"


def test_two_hundred_turns_of_eight_personas_are_in_the_log_and_in_the_ledger(
    open_with: Callable[..., Studio], openai: Acting
) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    texts = ("Well.", "Ask the writer.", "Operations and somebody should say something.", "What a trip.")
    openai.say = lambda request: texts[len(openai.calls) % 4]
    scene_id = staged(
        studio, OPERATOR, *EIGHT, strategy="natural", seed=11, opening="Begin.",
        stop={"turns": 200, "usd": None, "minutes": None},
    )  # fmt: skip
    found = played(studio, OPERATOR, scene_id)
    assert (found.played, found.scene.said.by) == (200, "turns")
    assert [turn.number for turn in found.turns] == list(range(201))
    for at, turn in enumerate(found.turns[1:], start=1):
        choice = choose(found.scene.spec, found.turns[:at])
        assert choice and (turn.speaker, turn.reason, turn.queue) == (choice.member, choice.reason, choice.queue)
        assert turn.text == texts[at % 4] and turn.state == "done"
    entries = studio.usage.events(OPERATOR)
    assert len(entries) == len(openai.calls) == 200
    assert {entry.subject.surface for entry in entries} == {"theatre"}
    assert Counter(entry.subject.persona_key for entry in entries) == Counter(order(found))
    assert [entry.cost_usd for entry in entries] == [turn.cost_usd for turn in spoken(found)]
    assert found.spent_usd == sum(entry.cost_usd for entry in entries) > 0
    assert sum(share.cost_usd for share in found.shares.values()) == found.spent_usd


def test_a_member_without_a_model_speaks_by_the_kind_of_model_that_its_persona_prefers(
    open_with: Callable[..., Studio], openai: Acting
) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    ada = person(studio)
    quick = published(studio, ada, preferred_profile="fast")
    scene_id = staged(studio, ada, quick, strategy="round_robin", opening="Begin.", stop={"turns": 1})
    expected = studio.theatre.estimate(ada, scene_id).high_usd
    assert spoken(played(studio, ada, scene_id))[0].model == "gpt-5.4-mini" == openai.models[0]
    plain = staged(studio, ada, published(studio, ada), opening="Begin.", stop={"turns": 1})
    assert expected is not None and expected < (studio.theatre.estimate(ada, plain).high_usd or 0)


def test_a_director_is_a_call_of_its_own_and_its_nonsense_is_said(
    open_with: Callable[..., Studio], openai: Acting
) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    directions = iter([picks(2, "prose is due"), "Maestro!", Overloaded("Too many."), picks(1)])
    openai.say = lambda request: "Yes." if speaker_of(request) else next(directions)
    scene_id = staged(studio, OPERATOR, strategy="director", opening="Begin.", stop={"turns": 3})
    found = played(studio, OPERATOR, scene_id)
    first, second, third = spoken(found)
    assert (first.speaker, first.reason) == ("writer", "director: prose is due")
    assert second.reason == "director failed (no such person), drawn by lot"
    assert third.reason.startswith("director failed") or third.reason == "director: chosen"
    entries = studio.usage.events(OPERATOR)
    assert Counter(entry.subject.persona_key for entry in entries)[""] >= 3
    assert first.pick_usd and first.cost_usd and found.spent_usd == sum(entry.cost_usd for entry in entries)
    assert sum((turn.pick_usd or 0) + turn.cost_usd for turn in spoken(found)) == found.spent_usd


def test_the_same_seed_gives_the_same_order_whatever_happened_on_the_way(
    studio: Studio, ada: Actor, local: Acting
) -> None:
    scene = {"strategy": "random", "seed": 3, "stop": {"turns": 8}}
    straight = order(played(studio, ada, staged(studio, ada, **scene)))
    halting = staged(studio, ada, **scene)
    refusals = iter([False, True, False, True, True] + [False] * 20)
    local.say = lambda request: ProviderQuota("Nothing left.") if next(refusals) else "Yes."
    found = performance(studio, ada, halting)
    while found.played < 8:
        (studio.theatre.step if found.played % 2 else studio.theatre.play)(ada, halting)
        found = still(studio, ada, halting)
    assert order(found) == straight


def test_a_model_of_its_own_and_mute_are_the_members(open_with: Callable[..., Studio], openai: Acting) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    cast = [{"persona": "writer", "model": "fast"}, {"persona": "maestro", "mute": True}, {"persona": "operations"}]
    found = played(studio, OPERATOR, staged(studio, OPERATOR, cast=cast, stop={"turns": 4}))
    assert order(found) == ["writer", "operations", "writer", "operations"]
    assert openai.models == ["gpt-5.4-mini", "gpt-4.1"] * 2 == [turn.model for turn in spoken(found)]


def test_pausing_waits_for_the_turn_and_playing_goes_on(studio: Studio, ada: Actor, local: Acting) -> None:
    local.gate = gate = Gate()
    scene_id = staged(studio, ada)
    studio.theatre.play(ada, scene_id)
    gate.let()
    until(lambda: (turn := performance(studio, ada, scene_id).speaking) and turn.text == "Yes,")
    studio.theatre.pause(ada, scene_id)
    assert performance(studio, ada, scene_id).scene.state == "paused"
    gate.let(99)
    paused = still(studio, ada, scene_id)
    assert (paused.played, paused.turns[0].text, paused.scene.said) == (1, "Yes, and more.", None)
    studio.theatre.play(ada, scene_id)
    assert order(still(studio, ada, scene_id)) == ["operations", "writer", "maestro"]


def test_play_while_a_pause_waits_for_its_turn_is_one_play(studio: Studio, ada: Actor, local: Acting) -> None:
    local.gate = gate = Gate()
    scene_id = staged(studio, ada)
    studio.theatre.play(ada, scene_id)
    until(lambda: local.calls)
    studio.theatre.pause(ada, scene_id)
    studio.theatre.play(ada, scene_id)
    gate.let(99)
    assert order(still(studio, ada, scene_id)) == ["operations", "writer", "maestro"]
    assert len(local.calls) == 3


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "from another process"])
def test_stopping_cancels_the_turn_and_keeps_its_words(
    open_with: Callable[..., Studio], studio: Studio, ada: Actor, local: Acting, elsewhere: bool
) -> None:
    other = open_with() if elsewhere else studio
    local.gate = gate = Gate()
    scene_id = staged(studio, ada)
    studio.theatre.play(ada, scene_id)
    gate.let()
    until(lambda: (turn := performance(other, ada, scene_id).speaking) and turn.text == "Yes,")
    other.theatre.stop(ada, scene_id)
    ended = still(studio, ada, scene_id)
    assert (ended.scene.state, ended.scene.said.by) == ("ended", "manual")
    until(lambda: local.stopped == 1)
    until(lambda: performance(studio, ada, scene_id).turns[0].usage is not None)
    (turn,) = performance(studio, ada, scene_id).turns
    assert (turn.state, turn.text) == ("stopped", "Yes,") and turn.usage.output > 0
    local.gate = None
    studio.theatre.play(ada, scene_id)
    assert order(still(studio, ada, scene_id)) == ["operations", "writer", "maestro"]


def test_a_stop_of_the_house_pauses_with_its_reason_and_loses_nothing(
    studio: Studio, ada: Actor, local: Acting
) -> None:
    scene_id = staged(studio, ada)
    stops: list[UUID] = []

    def first_turn_then_stop(request: LLMRequest) -> str:
        if not stops:
            stops.append(studio.controls.stop(OPERATOR, "everything", "", reason="Lunch."))
        return "Yes."

    local.say = first_turn_then_stop
    paused = played(studio, ada, scene_id)
    assert (paused.scene.state, paused.scene.said.by, paused.played) == ("paused", "stopped", 1)
    assert "Lunch." in paused.scene.said.message + paused.scene.said.hint and len(local.calls) == 1
    studio.theatre.play(ada, scene_id)
    assert still(studio, ada, scene_id).played == 1
    studio.controls.lift(OPERATOR, stops[0])
    studio.theatre.play(ada, scene_id)
    found = still(studio, ada, scene_id)
    assert order(found) == ["operations", "writer", "maestro"] and found.scene.state == "ended"


def test_a_spent_allowance_pauses_and_the_forced_speaker_is_kept(studio: Studio, ada: Actor, local: Acting) -> None:
    scene_id = staged(studio, ada)
    studio.allowances.override(OPERATOR, ada.person_id, 1)
    studio.theatre.step(ada, scene_id)
    still(studio, ada, scene_id)
    studio.theatre.call_on(ada, scene_id, "maestro")
    studio.theatre.step(ada, scene_id)
    paused = still(studio, ada, scene_id)
    assert (paused.scene.said.by, paused.played, paused.scene.forced) == ("limit", 1, "maestro")
    studio.allowances.override(OPERATOR, ada.person_id, 5)
    studio.theatre.step(ada, scene_id)
    found = still(studio, ada, scene_id)
    assert order(found) == ["operations", "maestro"] and found.turns[1].reason == "chosen by you"
    assert found.scene.forced == "" and found.scene.said is None


def test_a_brake_is_waited_for(
    studio: Studio, ada: Actor, local: Acting, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player, "BRAKE_PAUSE_S", 0.02)
    plans = studio.allowances.plans(OPERATOR).model_dump(mode="json")
    plans["plans"]["standard"]["calls_per_minute"] = 2
    studio.allowances.save_plans(OPERATOR, plans)
    scene_id = staged(studio, ada)
    studio.theatre.play(ada, scene_id, watched=False)
    until(lambda: (said := performance(studio, ada, scene_id).scene.said) and said.by == "waiting")
    assert performance(studio, ada, scene_id).played == len(local.calls) == 2
    clock.forward(minutes=1)
    until(lambda: performance(studio, ada, scene_id).scene.state != "playing")
    found = still(studio, ada, scene_id)
    assert (found.played, found.scene.said.by) == (3, "turns")


def test_a_play_that_nobody_watches_pauses_behind_its_turn(
    studio: Studio, ada: Actor, local: Acting, clock: Clock
) -> None:
    def time_passes(request: LLMRequest) -> str:
        clock.forward(seconds=15)
        if len(local.calls) == 1:
            performance(studio, ada, scene_id)
        return "Yes."

    local.say = time_passes
    scene_id = staged(studio, ada, stop={"turns": 9})
    studio.theatre.play(ada, scene_id)
    until(lambda: studio.runs.get(f"scene:{scene_id}").over)
    found = performance(studio, ada, scene_id)
    assert (found.scene.state, found.scene.said.by, found.played) == ("paused", "unwatched", 3)
    assert found.seconds == 45


def test_a_scene_whose_process_is_gone_can_be_played_on_elsewhere(
    open_with: Callable[..., Studio], studio: Studio, ada: Actor, local: Acting, clock: Clock
) -> None:
    elsewhere = open_with()
    studio.runs._save_every_s = 3600.0
    gate = Gate()
    local.say = lambda request: "One two three."
    local.gate = gate
    scene_id = staged(studio, ada)
    studio.theatre.play(ada, scene_id, watched=False)
    gate.let()
    until(lambda: (turn := performance(studio, ada, scene_id).speaking) and turn.text)
    clock.forward(seconds=30)
    dead = performance(elsewhere, ada, scene_id)
    assert (dead.scene.state, dead.scene.said.by, dead.turns[0].state) == ("paused", "cut", "cut")
    local.gate = None
    elsewhere.theatre.play(ada, scene_id, watched=False)
    found = still(elsewhere, ada, scene_id)
    gate.let(99)
    until(lambda: studio.runs.get(f"scene:{scene_id}").over)
    found = performance(elsewhere, ada, scene_id)
    assert found.scene.state == "ended" and all(turn.state in ("done", "cut") for turn in found.turns)
    assert len({turn.number for turn in found.turns}) == len(found.turns)
    assert sum(turn.state == "done" for turn in found.turns) >= 2 and found.played == 3


def test_two_tabs_and_two_processes_never_double_a_turn(
    open_with: Callable[..., Studio], studio: Studio, ada: Actor, local: Acting
) -> None:
    studios = [studio, open_with()] * 3
    scene_id = staged(studio, ada, stop={"turns": 12})
    for turns in range(1, 5):
        seen = performance(studio, ada, scene_id).next_number
        race(lambda number, seen=seen: studios[number].theatre.step(ada, scene_id, seen=seen), len(studios))
        for each in studios[:2]:
            still(each, ada, scene_id)
        assert performance(studio, ada, scene_id).played == len(local.calls) == turns
    race(lambda number: studios[number].theatre.play(ada, scene_id, watched=False), len(studios))
    for each in studios[:2]:
        still(each, ada, scene_id)
    found = performance(studio, ada, scene_id)
    assert order(found) == ["operations", "writer", "maestro"] * 4
    assert len(local.calls) == 12 and [turn.number for turn in found.turns] == list(range(12))


def test_a_turn_is_claimed_once_by_whoever_sees_it_as_the_next(studio: Studio, ada: Actor) -> None:
    """Two players that both believe to be the one: a pause of the machine makes such."""
    from db.models.theatre import SceneTurn

    scene_id, now = staged(studio, ada), studio.theatre._back.clock()
    player_id = scene_id
    with studio.database.write() as unit:
        unit.scenes.change(scene_id, player=player_id, beat_at=now, state="playing")

    def claim(_: int) -> bool:
        turn = SceneTurn(scene_id=scene_id, number=0, name="Ada", state="writing", created_at=now, saved_at=now)
        with studio.database.write() as unit:
            return unit.scenes.claim(player_id, turn)

    assert sorted(race(claim, 6)) == [False] * 5 + [True]
    assert len(performance(studio, ada, scene_id).turns) == 1


def test_the_host_speaks_up_and_somebody_answers(studio: Studio, ada: Actor, local: Acting) -> None:
    scene_id = staged(studio, ada, opening="Welcome.", stop={"turns": 9})
    studio.theatre.say(ada, scene_id, "@maestro, what is the plan?")
    found = still(studio, ada, scene_id)
    assert [(turn.speaker, turn.addressed) for turn in found.turns] == [(HOST, ""), (HOST, "maestro"), ("maestro", "")]
    assert found.turns[2].reason == "asked by you" and "asks you" in local.calls[0].messages[-1].text
    studio.theatre.say(ada, scene_id, "And you?", to="writer")
    assert order(still(studio, ada, scene_id)) == ["maestro", "writer"]
    studio.theatre.say(ada, scene_id, "Anybody.")
    assert order(still(studio, ada, scene_id)) == ["maestro", "writer", "maestro"]


def test_a_word_of_the_host_during_a_turn_is_heard_by_the_next_speaker(
    studio: Studio, ada: Actor, local: Acting
) -> None:
    local.gate = gate = Gate()
    scene_id = staged(studio, ada)
    studio.theatre.play(ada, scene_id)
    until(lambda: local.calls)
    studio.theatre.say(ada, scene_id, "@maestro next!")
    gate.let(99)
    found = still(studio, ada, scene_id)
    assert [turn.speaker for turn in found.turns] == ["operations", HOST, "maestro", "operations"]
    assert "@maestro next!" in local.calls[1].messages[-2].text


def test_a_manual_scene_waits_for_the_host(studio: Studio, ada: Actor, local: Acting) -> None:
    scene_id = staged(studio, ada, strategy="manual", opening="Welcome.")
    waiting = played(studio, ada, scene_id)
    assert (waiting.scene.said.by, waiting.played) == ("your_turn", 0)
    studio.theatre.say(ada, scene_id, "Well?")
    assert performance(studio, ada, scene_id).scene.state == "paused" and not local.calls
    studio.theatre.call_on(ada, scene_id, "writer")
    studio.theatre.step(ada, scene_id)
    assert order(still(studio, ada, scene_id)) == ["writer"]
    studio.theatre.step(ada, scene_id)
    assert still(studio, ada, scene_id).turns[-1].reason == "manual: drawn by lot"


def test_everybody_muted_or_barred_is_said(studio: Studio, ada: Actor) -> None:
    scene_id = staged(studio, ada, "writer")
    assert order(played(studio, ada, scene_id)) == ["writer"]
    found = performance(studio, ada, scene_id)
    assert (found.scene.state, found.scene.said.message) == ("paused", "Nobody may speak after Writer.")
    studio.scenes.change_part(ada, scene_id, "writer", {"mute": True})
    assert played(studio, ada, scene_id).scene.said.message == "Everybody is muted."
    studio.theatre.call_on(ada, scene_id, "writer")
    assert played(studio, ada, scene_id).turns[-1].reason == "chosen by you"


@pytest.mark.parametrize("came", ["", "One two"])
def test_a_provider_that_fails_pauses_the_scene_and_keeps_what_came(
    studio: Studio, ada: Actor, local: Acting, came: str
) -> None:
    failure = ProviderQuota("Nothing left.", hint="Wait.")
    local.say = lambda request: (came, failure) if came else failure
    paused = played(studio, ada, staged(studio, ada))
    assert (paused.scene.state, paused.scene.said.by, paused.scene.said.hint) == ("paused", "provider_quota", "Wait.")
    assert [(turn.state, turn.text, turn.error["code"]) for turn in paused.turns] == (
        [("failed", "One two", "provider_quota")] if came else []
    )


def test_play_more_allows_more_turns(studio: Studio, ada: Actor) -> None:
    scene_id = staged(studio, ada)
    played(studio, ada, scene_id)
    studio.theatre.play_more(ada, scene_id, turns=2)
    found = still(studio, ada, scene_id)
    assert (found.played, found.scene.spec.stop.turns, found.scene.said.by) == (5, 5, "turns")
    with pytest.raises(BadInput):
        studio.theatre.play_more(ada, scene_id, turns=10_000)


def test_an_empty_stage_is_refused_and_a_lost_persona_is_named(studio: Studio, ada: Actor) -> None:
    with pytest.raises(BadInput, match="empty"):
        studio.theatre.play(ada, studio.scenes.begin(ada))
    draft = studio.drafts.open(ada, None)
    studio.drafts.save(ada, draft.id, {"name": "Zoe", "system_prompt": "You are Zoe."})
    key = studio.drafts.publish(ada, draft.id)
    scene_id = staged(studio, ada, key, "writer")
    studio.personas.delete(ada, key)
    paused = played(studio, ada, scene_id)
    assert (paused.scene.state, paused.scene.said.message) == ("paused", "Zoe is not there any more.")


def test_an_estimate_is_made_before_anything_is_played(open_with: Callable[..., Studio], openai: Acting) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    ada = person(studio)
    dear = studio.theatre.estimate(ada, staged(studio, ada, stop={"turns": 10, "usd": None}))
    assert dear.turns == 10 and Decimal("0.005") < dear.low_usd < dear.high_usd < Decimal(1)
    capped = studio.theatre.estimate(ada, staged(studio, ada, stop={"turns": 10, "usd": "0.01"}))
    assert capped.high_usd == Decimal("0.01")
    directed = studio.theatre.estimate(ada, staged(studio, ada, strategy="director", stop={"turns": 10, "usd": None}))
    assert directed.low_usd > dear.low_usd
    parts = [{"persona": "writer", "model": "local:smollm2"}]
    assert studio.theatre.estimate(ada, staged(studio, ada, cast=parts)).free
    unknown = [{"persona": "writer", "model": "openai:unheard-of"}]
    assert studio.theatre.estimate(ada, staged(studio, ada, cast=unknown)).high_usd is None
    assert not openai.calls


def test_nobody_plays_a_scene_of_somebody_else_even_a_shared_one(studio: Studio, ada: Actor) -> None:
    scene_id, bob = staged(studio, ada), person(studio, "Bob")
    studio.scenes.share(ada, scene_id, shared=True)
    assert studio.theatre.watch(bob, scene_id).scene.mine is False
    for act in (studio.theatre.play, studio.theatre.step, studio.theatre.pause, studio.theatre.stop):
        with pytest.raises(NotFound):
            act(bob, scene_id)
    with pytest.raises(NotFound):
        studio.theatre.say(bob, scene_id, "Hello")


def test_followers_hear_each_turn_once(studio: Studio, ada: Actor, local: Acting) -> None:
    scene_id = staged(studio, ada, opening="Begin.")
    studio.theatre.play(ada, scene_id, watched=False)
    assert [turn.speaker for turn in studio.theatre.follow(ada, scene_id)] == ["operations", "writer", "maestro"]
    assert [turn.speaker for turn in studio.theatre.follow(ada, scene_id)] == ["operations", "writer", "maestro"]
