"""The library: making scenes, casting, sharing, forking, carrying away; and talks between thread and stage."""

import json
import re
from html.parser import HTMLParser
from uuid import UUID

import pytest

from engine.accounts.actor import Actor
from engine.conversations.assistant import Picks
from engine.errors import BadInput, NotFound
from engine.studio import Studio
from engine.theatre.scene import HOST
from tests.engine.conftest import Clock, person
from tests.engine.personas.test_catalogue import published
from tests.engine.theatre.acting import Acting, order, performance, played, still
from tests.engine.waiting import until

NASTY = '<script>alert(1)</script><img src="https://evil.example/x.png" onerror=alert(2)>&"\u2028](javascript:x)'


def staged(studio: Studio, actor: Actor, **more: object) -> UUID:
    parts = [{"persona": "operations"}, {"persona": "writer"}]
    scene = {"title": "A scene", "strategy": "round_robin", "stop": {"turns": 4}, "cast": parts, "opening": "Begin."}
    return studio.scenes.create(actor, scene | more)


def test_every_template_opens_with_its_whole_cast(studio: Studio, ada: Actor) -> None:
    templates = studio.scenes.templates(ada)
    assert [each.key for each in templates] == ["luxury_hike", "interview", "debate", "briefing", "improv"]
    for template in templates:
        spec = studio.scenes.get(ada, studio.scenes.begin(ada, template.key)).spec
        assert [each.persona for each in spec.cast] == [each.persona for each in template.file.cast]
        assert len(spec.cast) >= 2 and spec.premise and spec.opening and template.about
        assert len({each.accent for each in spec.cast}) == len(spec.cast)
    assert studio.scenes.page(ada).total == len(templates)
    assert studio.scenes.get(ada, studio.scenes.begin(ada)).spec.cast == ()
    with pytest.raises(BadInput):
        studio.scenes.begin(ada, "opera")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"), ({"title": "x" * 121}, "title"), ({"strategy": "shouting"}, "Strategy"),
        ({"stop": {"turns": 0}}, "stop turns"), ({"stop": {"turns": 501}}, "stop turns"),
        ({"stop": {"usd": "-1"}}, "stop usd"), ({"stop": {"usd": "NaN"}}, "stop usd"), ({"seed": -1}, "seed"),
        ({"stop": {"minutes": 0}}, "stop minutes"), ({"stop": {"volume": 1}}, "stop volume"), ({"tempo": 3}, "tempo"),
        ({"premise": "a\x00b"}, "premise"), ({"premise": "x" * 4_001}, "premise"), ({"turn_tokens": 3}, "turn_tokens"),
        ({"cast": [{"persona": "writer", "accent": "pink"}]}, "cast 1 accent"),
        ({"cast": [{"persona": "writer"}] * 13}, "cast"), ({"cast": [{"persona": "writer", "talkativeness": 2}]}, None),
        ({"transitions": {"pairs": [["writer"]]}}, None),
    ],
)  # fmt: skip
def test_a_scene_that_cannot_be_is_refused_and_the_field_named(
    studio: Studio, ada: Actor, wrong: dict[str, object], field: str | None
) -> None:
    with pytest.raises(BadInput) as refused:
        studio.scenes.create(ada, wrong)
    assert field is None or refused.value.field == field
    assert studio.scenes.page(ada).total == 0


def test_a_cast_has_names_ids_and_colours_of_its_own(studio: Studio, ada: Actor) -> None:
    key = published(studio, ada, name="Host", talkativeness=0.9, avatar="🦊")
    scene_id = staged(studio, ada, cast=[{"persona": "writer", "accent": "red"}, {"persona": "writer"}])
    studio.scenes.cast(ada, scene_id, key)
    cast = studio.scenes.get(ada, scene_id).spec.cast
    assert [(each.id, each.name) for each in cast] == [
        ("writer", "Writer"),
        ("writer-2", "Writer 2"),
        ("host", "Host 2"),
    ]
    assert len({each.accent for each in cast}) == 3 and cast[0].accent == "red"
    assert (cast[2].talkativeness, cast[2].avatar) == (0.9, "🦊")
    studio.scenes.change_part(ada, scene_id, "host", {"talkativeness": 0.2, "mute": True, "model": "fast"})
    studio.scenes.dismiss(ada, scene_id, "writer")
    first, second = studio.scenes.get(ada, scene_id).spec.cast
    assert first.id == "writer-2" and (second.talkativeness, second.mute, second.model) == (0.2, True, "fast")
    for wrong in ({"id": "x"}, {"talkativeness": 7}, {"name": "Ada"}):
        with pytest.raises(BadInput):
            studio.scenes.change_part(ada, scene_id, "host", wrong)
    with pytest.raises(NotFound):
        studio.scenes.change_part(ada, scene_id, "writer", {"mute": True})
    with pytest.raises(NotFound):
        studio.scenes.cast(person(studio, "Bob"), scene_id, "writer")


def test_settings_change_and_nothing_else_does(studio: Studio, ada: Actor) -> None:
    scene_id = staged(studio, ada)
    studio.scenes.change(ada, scene_id, {"title": " New  title ", "strategy": "pooled", "stop": {"turns": 9}})
    spec = studio.scenes.get(ada, scene_id).spec
    assert (spec.title, spec.strategy, spec.stop.turns, len(spec.cast)) == ("New  title", "pooled", 9, 2)
    assert studio.scenes.page(ada, "TITLE").scenes[0].spec.title == "New  title"
    for wrong in ({"cast": []}, {"person_id": "x"}, {"strategy": "loud"}, {"title": ""}):
        with pytest.raises(BadInput):
            studio.scenes.change(ada, scene_id, wrong)
    assert studio.scenes.get(ada, scene_id).spec == spec


def test_a_shared_performance_is_read_by_colleagues_and_by_nobody_once_it_is_not(studio: Studio, ada: Actor) -> None:
    scene_id, bob = staged(studio, ada), person(studio, "Bob")
    played(studio, ada, scene_id)
    with pytest.raises(NotFound):
        studio.scenes.get(bob, scene_id)
    studio.scenes.share(ada, scene_id, shared=True)
    (seen,) = studio.scenes.shared(bob)
    assert (seen.id, seen.owner, seen.mine, seen.shared) == (scene_id, "Ada", False, True)
    assert len(studio.theatre.watch(bob, scene_id).turns) == 5
    told = json.loads(studio.scenes.export(bob, scene_id, "json"))
    assert {turn["route"] for turn in told["turns"]} == {None}, "whose keys paid is for the owner alone"
    assert "Yes, and more." in studio.scenes.export(bob, scene_id, "markdown")
    assert studio.scenes.shared(ada) == [] and studio.scenes.page(bob).total == 0
    for act in (studio.scenes.fork, studio.scenes.delete, studio.scene_threads.to_thread):
        with pytest.raises(NotFound):
            act(bob, scene_id)
    with pytest.raises(NotFound):
        studio.scenes.change(bob, scene_id, {"title": "Mine"})
    studio.scenes.share(ada, scene_id, shared=False)
    assert studio.scenes.shared(bob) == []
    with pytest.raises(NotFound):
        studio.theatre.watch(bob, scene_id)


def test_a_fork_has_been_the_same_up_to_its_turn_and_goes_its_own_way(studio: Studio, ada: Actor) -> None:
    scene_id = staged(studio, ada)
    found = played(studio, ada, scene_id)
    fork_id = studio.scenes.fork(ada, scene_id, after=found.turns[2].number)
    fork = performance(studio, ada, fork_id)
    assert [turn.text for turn in fork.turns] == [turn.text for turn in found.turns[:3]]
    assert (fork.scene.state, fork.scene.spec.title, fork.spent_usd) == ("paused", "Fork of A scene", 0)
    assert [turn.usage for turn in fork.turns] == [None] * 3 and fork.turns[1].model == found.turns[1].model
    assert order(played(studio, ada, fork_id)) == order(found)
    assert performance(studio, ada, scene_id).turns == found.turns
    assert performance(studio, ada, studio.scenes.fork(ada, scene_id, after=-1)).scene.state == "ready"
    assert len(performance(studio, ada, studio.scenes.fork(ada, scene_id)).turns) == 5


def test_deleting_has_a_way_back(studio: Studio, ada: Actor) -> None:
    scene_id = staged(studio, ada)
    studio.scenes.delete(ada, scene_id)
    with pytest.raises(NotFound):
        studio.theatre.watch(ada, scene_id)
    assert studio.scenes.page(ada).total == 0
    studio.scenes.restore(ada, scene_id)
    assert studio.scenes.get(ada, scene_id).state == "ready"
    with pytest.raises(NotFound):
        studio.scenes.restore(ada, scene_id)
    studio.scenes.delete(ada, scene_id, for_good=True)
    with pytest.raises(NotFound):
        studio.scenes.restore(ada, scene_id)


class Tags(HTMLParser):
    """The tags of a page and the attributes that could run or load something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_exports_hold_everything_and_html_runs_nothing(studio: Studio, ada: Actor, local: Acting) -> None:
    local.say = lambda request: NASTY
    key = published(studio, ada, name=f"Eve {NASTY}"[:80], avatar="🦊")
    cast = [{"persona": key}, {"persona": "writer"}]
    scene_id = staged(studio, ada, title=NASTY, place=NASTY, premise=NASTY, opening=NASTY, cast=cast)
    found = played(studio, ada, scene_id)
    page = Tags()
    page.feed(studio.scenes.export(ada, scene_id, "html"))
    assert not {"script", "img", "a", "iframe", "link", "image"} & page.tags
    assert not {each for each in page.attributes if each.startswith("on") or each in ("href", "src")}
    assert page.text.count("<script>alert(1)</script>") >= 5 and "svg" in page.tags
    told = json.loads(studio.scenes.export(ada, scene_id, "json"))
    assert [turn["text"] for turn in told["turns"]] == [turn.text for turn in found.turns]
    assert told["turns"][1]["usage"]["output"] > 0 and told["scene"]["seed"] == 0 and told["turns"][1]["reason"]
    script = studio.scenes.export(ada, scene_id, "markdown")
    assert script.startswith(f"# {NASTY}") and len(re.findall("round robin", script)) == 4


def test_a_thread_becomes_a_scene_and_goes_on_as_a_thread(
    studio: Studio, ada: Actor, local: Acting, clock: Clock
) -> None:
    def ask(text: str, persona: str, thread_id: UUID | None = None) -> UUID:
        clock.forward(seconds=1)
        sent = studio.assistant.send(ada, text, Picks(persona=persona), thread_id=thread_id)
        until(lambda: studio.threads.message(ada, sent.answer_id).state == "done")
        return sent.thread_id

    thread_id = ask("Who walks first?", "operations")
    ask("And who writes?", "writer", thread_id)
    scene_id = studio.scene_threads.to_scene(ada, thread_id)
    found = performance(studio, ada, scene_id)
    assert [turn.speaker for turn in found.turns] == [HOST, "operations", HOST, "writer"]
    assert (found.scene.state, found.scene.spec.title, found.scene.thread_id) == (
        "paused",
        "Who walks first?",
        thread_id,
    )
    assert [each.persona for each in found.scene.spec.cast] == ["operations", "writer"]
    studio.theatre.say(ada, scene_id, "@Writer once more")
    assert order(still(studio, ada, scene_id))[-1] == "writer"

    assert studio.scene_threads.to_thread(ada, scene_id) == thread_id
    messages = studio.threads.messages(ada, thread_id)
    assert [message.text for message in messages[4:]] == ["@Writer once more", "Yes, and more."]
    assert (messages[5].persona_key, messages[5].reply_to) == ("writer", messages[4].id)
    assert studio.scene_threads.to_thread(ada, scene_id) == thread_id
    assert len(studio.threads.messages(ada, thread_id)) == 6, "nothing is carried over twice"

    ask("A word for Maestro", "maestro", thread_id)
    assert studio.scene_threads.to_scene(ada, thread_id) == scene_id
    again = performance(studio, ada, scene_id)
    assert [turn.speaker for turn in again.turns[6:]] == [HOST, "maestro"] and len(again.scene.spec.cast) == 3
    assert studio.scene_threads.to_scene(ada, thread_id) == scene_id
    assert len(performance(studio, ada, scene_id).turns) == 8


def test_a_scene_that_began_on_stage_becomes_a_thread(studio: Studio, ada: Actor) -> None:
    scene_id = staged(studio, ada, opening="")
    played(studio, ada, scene_id)
    thread_id = studio.scene_threads.to_thread(ada, scene_id)
    question, *answers = studio.threads.messages(ada, thread_id)
    assert question.role == "user" and "A scene" in question.text
    assert [answer.persona_key for answer in answers] == ["operations", "writer", "operations", "writer"]
    assert {answer.reply_to for answer in answers} == {question.id}
    studio.threads.delete(ada, thread_id)
    assert studio.scene_threads.to_thread(ada, scene_id) != thread_id
    bob = person(studio, "Bob")
    with pytest.raises(NotFound):
        studio.scene_threads.to_scene(bob, thread_id)


def test_old_scenes_are_forgotten_in_time(studio: Studio, ada: Actor, clock: Clock) -> None:
    from engine.privacy import Retention

    scene_id = staged(studio, ada)
    retention = Retention(studio.database, clock=clock, days=30)
    assert retention.sweep() == 0
    clock.forward(days=31)
    assert retention.sweep() == 1
    with pytest.raises(NotFound):
        studio.scenes.get(ada, scene_id)
