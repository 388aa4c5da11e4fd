"""Queries for threads and messages. Every one of them names whose they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from db.models.conversations import Thread, ThreadMessage
from db.repositories.base import Repository


class Conversations(Repository):
    """The threads of a person, and what was said in them."""

    def add(self, thread: Thread) -> None:
        """Add a thread."""
        self._session.add(thread)
        self._session.flush()

    def say(self, *messages: ThreadMessage) -> None:
        """Add messages."""
        self._session.add_all(messages)

    def thread(self, person_id: UUID, thread_id: UUID, *, deleted: bool = False) -> Thread | None:
        """A thread of this person."""
        gone = Thread.deleted_at.is_not(None) if deleted else Thread.deleted_at.is_(None)
        return self._session.scalar(select(Thread).where(Thread.id == thread_id, Thread.person_id == person_id, gone))

    def count(self, person_id: UUID, search: str = "") -> int:
        """How many threads a search finds."""
        return self._session.scalar(select(func.count()).select_from(Thread).where(*_where(person_id, search))) or 0

    def page(self, person_id: UUID, search: str = "", *, skip: int, most: int) -> list[Thread]:
        """Threads, the one that was last spoken in first."""
        newest = select(Thread).where(*_where(person_id, search)).order_by(Thread.updated_at.desc(), Thread.id.desc())
        return list(self._session.scalars(newest.offset(skip).limit(most)))

    def change(self, person_id: UUID, thread_id: UUID, **values: Any) -> bool:
        """Change a thread of this person; False when there is none."""
        changed = update(Thread).where(Thread.id == thread_id, Thread.person_id == person_id).values(**values)
        return self._session.scalar(changed.returning(Thread.id)) is not None

    def messages(self, thread_id: UUID, *, before: UUID | None = None, most: int) -> list[ThreadMessage]:
        """The newest messages (those before a question), oldest first; an answer stands behind its question."""
        turn = func.coalesce(ThreadMessage.reply_to, ThreadMessage.id)
        wanted = select(ThreadMessage).where(ThreadMessage.thread_id == thread_id)
        if before is not None:
            wanted = wanted.where(turn < before)
        newest = self._session.scalars(wanted.order_by(turn.desc(), ThreadMessage.id.desc()).limit(most))
        return list(newest)[::-1]

    def message(self, person_id: UUID, message_id: UUID) -> ThreadMessage | None:
        """A message in a thread of this person that is not deleted."""
        return self._session.scalar(
            select(ThreadMessage)
            .join(Thread, Thread.id == ThreadMessage.thread_id)
            .where(ThreadMessage.id == message_id, Thread.person_id == person_id, Thread.deleted_at.is_(None))
        )

    def keep(self, message_id: UUID, *, only: Sequence[str], **values: Any) -> bool:
        """Save an answer as far as it is; False when its state is none of `only` any more."""
        kept = (
            update(ThreadMessage)
            .where(ThreadMessage.id == message_id, ThreadMessage.state.in_(only))
            .values(**values)
            .returning(ThreadMessage.id)
        )
        return self._session.scalar(kept) is not None

    def describe(self, message_id: UUID, **values: Any) -> None:
        """Keep facts about a message, whatever its state."""
        self._session.execute(update(ThreadMessage).where(ThreadMessage.id == message_id).values(**values))

    def answer_to(self, question_id: UUID) -> UUID:
        """The newest answer to a question."""
        answers = select(ThreadMessage.id).where(ThreadMessage.reply_to == question_id)
        return self._session.scalars(answers.order_by(ThreadMessage.id.desc()).limit(1)).one()

    def replace(self, message_id: UUID, message: ThreadMessage) -> None:
        """Put a message in the place of another."""
        self._session.execute(delete(ThreadMessage).where(ThreadMessage.id == message_id))
        self._session.add(message)

    def of_person(self, person_id: UUID) -> list[tuple[Thread, list[ThreadMessage]]]:
        """Everything somebody has said and heard, for an export."""
        threads = self._session.scalars(select(Thread).where(Thread.person_id == person_id).order_by(Thread.id))
        return [(thread, self.messages(thread.id, most=10**6)) for thread in threads]

    def drop_before(self, instant: datetime) -> int:
        """Forget threads in which nothing was said since an instant; how many there were."""
        old = delete(Thread).where(Thread.updated_at < instant).returning(Thread.id)
        return len(self._session.scalars(old).all())


def _where(person_id: UUID, search: str) -> list[ColumnElement[bool]]:
    mine = [Thread.person_id == person_id, Thread.deleted_at.is_(None)]
    for word in search.split():
        said = select(ThreadMessage.id).where(
            ThreadMessage.thread_id == Thread.id, ThreadMessage.text.icontains(word, autoescape=True)
        )
        mine.append(or_(Thread.title.icontains(word, autoescape=True), said.exists()))
    return mine
