"""Threads: what somebody has said and heard, to be listed, searched, renamed, deleted and carried away."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from db.models.conversations import Thread as ThreadRow
from db.models.conversations import ThreadMessage
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.llm.usage import Usage
from engine.runs import State
from engine.usage.prices import NANO

LONGEST_TITLE = 120
CUT_AFTER = timedelta(seconds=10)
"""An answer that is being written is saved every second; one that has not been for so long has lost its process."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation in a list."""

    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A question, or an answer with its receipt. `route` has the fields of `Route`, `error` code, message and hint.

    `about` is the page that a question was asked from.
    """

    id: UUID
    thread_id: UUID
    role: Literal["user", "assistant"]
    text: str
    state: State
    reply_to: UUID | None
    persona_key: str
    persona_version: int | None
    persona_name: str
    mode: str
    surface: str
    model: str
    route: dict[str, Any] | None
    usage: Usage | None
    cost_usd: Decimal | None
    latency_ms: int | None
    first_token_ms: int | None
    error: dict[str, Any] | None
    entity: dict[str, Any] | None
    rating: int | None
    created_at: datetime
    about: str = ""


@dataclass(frozen=True, slots=True)
class FoundThreads:
    """A page of threads, and how many there are in all."""

    total: int
    threads: list[Thread]


class Threads:
    """The actor's own threads; anybody else's look as if they were not there."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.USE)
    def page(self, actor: Actor, search: str = "", *, skip: int = 0, most: int = 30) -> FoundThreads:
        """Threads, the one last spoken in first; `search` looks at titles and at what was said."""
        person_id = speaker_of(actor)
        with self._database.read() as unit:
            rows, total = unit.conversations.page(person_id, search, skip=skip, most=most)
            return FoundThreads(total, [_thread(row) for row in rows])

    @needs(Right.USE)
    def get(self, actor: Actor, thread_id: UUID) -> Thread:
        """One thread. Raises NotFound."""
        with self._database.read() as unit:
            return _thread(thread_row(unit, actor, thread_id))

    @needs(Right.USE)
    def messages(self, actor: Actor, thread_id: UUID, *, before: UUID | None = None, most: int = 60) -> list[Message]:
        """The newest messages of a thread, oldest first. Raises NotFound."""
        with self._database.read() as unit:
            thread_row(unit, actor, thread_id)
            rows = unit.conversations.messages(thread_id, before=before, most=most)
        return [self._message(row) for row in rows]

    @needs(Right.USE)
    def message(self, actor: Actor, message_id: UUID) -> Message:
        """One message. Raises NotFound."""
        with self._database.read() as unit:
            return self._message(message_row(unit, actor, message_id))

    @needs(Right.USE)
    def rename(self, actor: Actor, thread_id: UUID, title: str) -> None:
        """Give a thread another title. Raises BadInput, NotFound."""
        tidy = " ".join(title.split())
        if not tidy or len(tidy) > LONGEST_TITLE:
            raise BadInput(f"A title has 1 to {LONGEST_TITLE} characters.", field="Title", hint="The old one is kept.")
        self._change(actor, thread_id, title=tidy)

    @needs(Right.USE)
    def delete(self, actor: Actor, thread_id: UUID) -> None:
        """Take a thread away; `restore` brings it back. Raises NotFound."""
        self._change(actor, thread_id, deleted_at=self._clock())

    @needs(Right.USE)
    def restore(self, actor: Actor, thread_id: UUID) -> None:
        """Bring a deleted thread back as it was. Raises NotFound."""
        with self._database.write() as unit:
            if unit.conversations.thread(speaker_of(actor), thread_id, deleted=True) is None:
                raise _no_thread()
            unit.conversations.change(speaker_of(actor), thread_id, deleted_at=None)

    @needs(Right.USE)
    def rate(self, actor: Actor, message_id: UUID, rating: Literal[-1, 1] | None) -> None:
        """Say whether an answer was good; None takes that back. Raises NotFound."""
        with self._database.write() as unit:
            row = message_row(unit, actor, message_id)
            if row.role != "assistant":
                raise BadInput("Only answers can be rated.", field="Rating")
            unit.conversations.describe(row.id, rating=rating)

    @needs(Right.USE)
    def export(self, actor: Actor, thread_id: UUID, form: Literal["markdown", "json"]) -> str:
        """A whole thread as a file. Raises NotFound."""
        thread = self.get(actor, thread_id)
        messages = self.messages(actor, thread_id, most=10**6)
        return _as_markdown(thread, messages) if form == "markdown" else _as_json(thread, messages)

    def _change(self, actor: Actor, thread_id: UUID, **values: Any) -> None:
        with self._database.write() as unit:
            thread_row(unit, actor, thread_id)
            unit.conversations.change(speaker_of(actor), thread_id, **values)

    def _message(self, row: ThreadMessage) -> Message:
        silent = row.state == "writing" and self._clock() - row.saved_at > CUT_AFTER
        return message_of(row, state="cut" if silent else None)


def speaker_of(actor: Actor) -> UUID:
    """The person who speaks. Raises BadInput for the operator."""
    if actor.person_id is None:
        raise BadInput("The operator has no conversations.", hint="Act as a person.")
    return actor.person_id


def thread_row(unit: Unit, actor: Actor, thread_id: UUID) -> ThreadRow:
    """The actor's thread. Raises NotFound."""
    row = unit.conversations.thread(speaker_of(actor), thread_id)
    if row is None:
        raise _no_thread()
    return row


def message_row(unit: Unit, actor: Actor, message_id: UUID) -> ThreadMessage:
    """A message in a thread of the actor. Raises NotFound."""
    row = unit.conversations.message(speaker_of(actor), message_id)
    if row is None:
        raise NotFound("There is no such message of yours.", hint="Its thread was deleted, perhaps in another tab.")
    return row


def message_of(row: ThreadMessage, *, state: State | None = None) -> Message:
    """A stored message."""
    fields = {name: getattr(row, name) for name in Message.__slots__ if hasattr(row, name)}
    usage, cost = row.usage, row.cost_nano
    return Message(
        **fields
        | {
            "state": state or row.state,
            "usage": Usage(**usage) if usage is not None else None,
            "cost_usd": None if cost is None else Decimal(cost) / NANO,
        }
    )


def _no_thread() -> NotFound:
    return NotFound("There is no such thread of yours.", hint="It was deleted, perhaps in another tab.")


def _thread(row: ThreadRow) -> Thread:
    return Thread(row.id, row.title, row.created_at, row.updated_at)


def _as_markdown(thread: Thread, messages: list[Message]) -> str:
    parts = [f"# {thread.title}"]
    for message in messages:
        who = "You" if message.role == "user" else message.persona_name
        parts += [f"## {who}", message.text]
    return "\n\n".join(parts) + "\n"


def _as_json(thread: Thread, messages: list[Message]) -> str:
    return json.dumps(
        {"thread": asdict(thread), "messages": [asdict(message) for message in messages]},
        ensure_ascii=False,
        indent=2,
        default=str,
    )
