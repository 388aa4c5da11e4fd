"""Queries for threads and messages. Every one of them names whose they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from db.models.conversations import Thread, ThreadMessage
from db.repositories.base import Repository

MOST_WORDS = 8


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

    def page(self, person_id: UUID, search: str = "", *, skip: int, most: int) -> tuple[list[Thread], int]:
        """Threads, the one that was last spoken in first, and how many a search finds in all.

        Without a search, an index gives them in order. With one, the messages of the person are read once, in the
        database; `most` bounds what leaves it.
        """
        where = self._where(person_id, search)
        newest = select(Thread).where(*where).order_by(Thread.updated_at.desc(), Thread.id.desc())
        page = newest.offset(skip).limit(most)
        if not search.strip():
            return list(self._session.scalars(page)), self._count(where)
        rows = self._session.execute(page.add_columns(func.count().over())).all()
        return [row[0] for row in rows], rows[0][1] if rows else self._count(where) if skip else 0

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

    def _count(self, where: Sequence[ColumnElement[bool]]) -> int:
        return self._session.scalar(select(func.count()).select_from(Thread).where(*where)) or 0

    def _where(self, person_id: UUID, search: str) -> list[ColumnElement[bool]]:
        mine = [Thread.person_id == person_id, Thread.deleted_at.is_(None)]
        for word in search.split()[:MOST_WORDS]:
            said = select(ThreadMessage.id).where(
                ThreadMessage.thread_id == Thread.id, self._has(ThreadMessage.text, word)
            )
            mine.append(or_(self._has(Thread.title, word), said.exists()))
        return mine

    def _has(self, text: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
        """Whether a text has a word, whatever its case. SQLite's own LIKE knows ASCII, and needs no help of ours."""
        if word.isascii() and self._session.get_bind().dialect.name == "sqlite":
            return text.contains(word, autoescape=True)
        return text.icontains(word, autoescape=True)
