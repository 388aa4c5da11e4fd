"""A thread as a scene, and a scene as a thread: the same talk with one voice or with many.

The two stay connected: what was said in one since the last time is carried over to the other, and nothing twice.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.conversations import Thread, ThreadMessage
from db.models.theatre import Scene as SceneRow
from db.models.theatre import SceneTurn
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.conversations.threads import speaker_of, thread_row
from engine.errors import NotFound
from engine.personas.catalogue import Personas
from engine.theatre.backstage import SURFACE
from engine.theatre.casting import member_for
from engine.theatre.rows import host_row, own_locked
from engine.theatre.scene import HOST, MOST_CAST, Part, SceneSpec

NEVER = UUID(int=0)


class SceneThreads:
    """Carries talks of the actor's own between the assistant and the stage."""

    def __init__(self, database: Database, personas: Personas, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._personas = personas
        self._clock = clock

    @needs(Right.USE)
    def to_scene(self, actor: Actor, thread_id: UUID) -> UUID:
        """The scene of a thread, made when there is none, with all that was said; its cast are those who answered.

        Raises NotFound.
        """
        person_id, now = speaker_of(actor), self._clock()
        with self._database.read() as unit:
            thread = thread_row(unit, actor, thread_id)
            known = unit.scenes.of_thread(person_id, thread.id)
            spec = SceneSpec.model_validate(known.spec) if known else SceneSpec(title=thread.title[:120])
            said = _said(unit.conversations.messages(thread.id, most=10**6))
            new = [each for each in said if each.id > ((known and known.thread_message) or NEVER)]
        spec = self._with_answerers(actor, spec, new)
        with self._database.write() as unit:
            scene = unit.scenes.of_thread(person_id, thread.id) or self._scene(unit, person_id, thread, now)
            last = max((each.id for each in new), default=scene.thread_message)
            first = unit.scenes.next_number(scene.id, now, numbers=len(new))
            unit.scenes.say(*(_turn(scene.id, first + at, each, spec) for at, each in enumerate(new)))
            unit.scenes.change(
                scene.id, spec=spec.model_dump(mode="json"), thread_message=last, thread_number=first + len(new)
            )
        return scene.id

    @needs(Right.USE)
    def to_thread(self, actor: Actor, scene_id: UUID) -> UUID:
        """The thread of a scene, made when there is none, with all that was said. Raises NotFound."""
        person_id, now = speaker_of(actor), self._clock()
        with self._database.write() as unit:
            scene = own_locked(unit, actor, scene_id)
            thread = unit.conversations.thread(person_id, scene.thread_id) if scene.thread_id else None
            begun = thread is not None
            if thread is None:
                thread = Thread(
                    id=uuid7(), person_id=person_id, title=scene.title[:120], created_at=now, updated_at=now
                )
                unit.conversations.add(thread)
            turns = [turn for turn in unit.scenes.turns(scene.id) if turn.text and turn.state != "writing"]
            new = [turn for turn in turns if not begun or turn.number >= scene.thread_number]
            messages = _messages(thread.id, new, scene.title, now)
            unit.conversations.say(*messages)
            last = max((each.id for each in messages), default=scene.thread_message)
            number = new[-1].number + 1 if new else scene.thread_number
            unit.scenes.change(scene.id, thread_id=thread.id, thread_number=number, thread_message=last)
            unit.conversations.change(person_id, thread.id, updated_at=now)
        return thread.id

    def _with_answerers(self, actor: Actor, spec: SceneSpec, said: Sequence[ThreadMessage]) -> SceneSpec:
        """The scene with everybody in its cast who has answered and may still be used."""
        there = {member.persona for member in spec.cast}
        keys = dict.fromkeys(each.persona_key for each in said if each.role == "assistant")
        for key in [key for key in keys if key not in there][: MOST_CAST - len(spec.cast)]:
            try:
                persona = self._personas.get(actor, key)
            except NotFound:  # deleted since: what they said is kept under their name
                continue
            spec = spec.model_copy(update={"cast": (*spec.cast, member_for(Part(persona=key), persona, spec.cast))})
        return spec

    def _scene(self, unit: Unit, person_id: UUID, thread: Thread, now: datetime) -> SceneRow:
        row = SceneRow(
            id=uuid7(), person_id=person_id, title=thread.title[:120], spec={}, state="paused", next_number=0,
            thread_id=thread.id, created_at=now, updated_at=now,
        )  # fmt: skip
        unit.scenes.add(row)
        return row


def _said(messages: Sequence[ThreadMessage]) -> list[ThreadMessage]:
    return [each for each in messages if each.text.strip() and each.state != "writing"]


def _turn(scene_id: UUID, number: int, message: ThreadMessage, spec: SceneSpec) -> SceneTurn:
    if message.role == "user":
        return host_row(scene_id, number, message.text, message.created_at)
    member = next((each for each in spec.cast if each.persona == message.persona_key), None)
    return SceneTurn(
        id=uuid7(),
        scene_id=scene_id,
        number=number,
        speaker=member.id if member else f"gone/{message.persona_key}",
        name=member.name if member else message.persona_name or "Somebody",
        accent=member.accent if member else "gray",
        avatar=member.avatar if member else "",
        persona_key=message.persona_key,
        persona_version=message.persona_version,
        text=message.text,
        reason="answered in the thread",
        model=(message.route or {}).get("model", ""),
        route=message.route,
        created_at=message.created_at,
        saved_at=message.saved_at,
    )


def _messages(thread_id: UUID, turns: Sequence[SceneTurn], title: str, now: datetime) -> list[ThreadMessage]:
    """The turns as questions and answers; several may answer one question, and the first may need one to answer."""
    made: list[ThreadMessage] = []
    question: UUID | None = None
    for turn in turns:
        if turn.speaker != HOST and question is None:
            made.append(_message(thread_id, "user", f"The scene “{title}” goes on.", now))
            question = made[-1].id
        if turn.speaker == HOST:
            made.append(_message(thread_id, "user", turn.text, turn.created_at))
            question = made[-1].id
            continue
        answer = _message(thread_id, "assistant", turn.text, turn.created_at)
        answer.reply_to, answer.model, answer.route = question, "", turn.route
        answer.persona_key, answer.persona_version = turn.persona_key, turn.persona_version
        answer.persona_name = turn.name
        made.append(answer)
    return made


def _message(thread_id: UUID, role: str, text: str, at: datetime) -> ThreadMessage:
    return ThreadMessage(
        id=uuid7(), thread_id=thread_id, role=role, text=text, state="done", persona_key="", persona_name="",
        mode="general", surface=SURFACE, model="", created_at=at, saved_at=at,
    )  # fmt: skip
