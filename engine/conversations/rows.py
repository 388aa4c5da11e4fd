"""The first rows of a talk: a thread that begins, a question, and the message that its answer is written into."""

from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.conversations import Thread, ThreadMessage
from engine.conversations.picks import Picks
from engine.personas.catalogue import Persona

TITLE_CHARACTERS = 40


def new_thread(person_id: UUID, question: str, now: datetime) -> Thread:
    """A thread with the beginning of its first question as its title."""
    title = " ".join(question.split())
    title = title if len(title) <= TITLE_CHARACTERS else title[: TITLE_CHARACTERS - 1].rstrip() + "…"
    return Thread(id=uuid7(), person_id=person_id, title=title, created_at=now, updated_at=now)


def question_row(question_id: UUID, thread_id: UUID, question: str, picks: Picks, now: datetime) -> ThreadMessage:
    """A question, with what was picked for it."""
    return _row(
        picks,
        now,
        id=question_id,
        thread_id=thread_id,
        role="user",
        text=question,
        state="done",
        persona_key=picks.persona,
        persona_name="",
        mode=picks.mode,
        about=picks.about,
    )


def answer_row(
    thread_id: UUID, question_id: UUID, persona: Persona, mode: str, picks: Picks, now: datetime
) -> ThreadMessage:
    """An answer of which no word has come, with who gives it."""
    return _row(
        picks,
        now,
        id=uuid7(),
        thread_id=thread_id,
        role="assistant",
        text="",
        state="writing",
        reply_to=question_id,
        persona_key=persona.key,
        persona_version=persona.version,
        persona_name=persona.spec.name,
        mode=mode,
        about="",
    )


def _row(picks: Picks, now: datetime, **values: Any) -> ThreadMessage:
    return ThreadMessage(surface=picks.surface, model=picks.model, created_at=now, saved_at=now, **values)
