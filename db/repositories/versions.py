"""Queries over the published versions of a persona: who wrote them, what was answered with them, how they did."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from db.models.authoring import Comparison, ComparisonAnswer, RehearsalRate
from db.models.conversations import Thread, ThreadMessage
from db.models.people import Person
from db.models.personas import PersonaVersion
from db.repositories.base import Repository

SpokenAs = Sequence[tuple[str, UUID | None]]
"""The keys under which a persona is asked, each with the only person who asks under it; None for anybody."""


class Versions(Repository):
    """What was published, and what came of it."""

    def of(self, persona_id: UUID) -> list[tuple[PersonaVersion, str]]:
        """All versions, the newest first, each with its author's name; empty for one who is gone and for nobody."""
        rows = self._session.execute(
            select(PersonaVersion, Person.name)
            .outerjoin(Person, Person.id == PersonaVersion.author_id)
            .where(PersonaVersion.persona_id == persona_id)
            .order_by(PersonaVersion.number.desc())
        )
        return [(version, name or "") for version, name in rows]

    def one(self, persona_id: UUID, number: int) -> PersonaVersion | None:
        """One published version."""
        return self._session.scalar(
            select(PersonaVersion).where(PersonaVersion.persona_id == persona_id, PersonaVersion.number == number)
        )

    def answers(self, spoken_as: SpokenAs) -> dict[int, tuple[int, int, int]]:
        """By version: answers given in threads, thumbs up, thumbs down."""
        asked = [
            and_(ThreadMessage.persona_key == key, Thread.person_id == person_id)
            if person_id
            else ThreadMessage.persona_key == key
            for key, person_id in spoken_as
        ]
        given = (
            select(ThreadMessage.persona_version, func.count(), *_thumbs(ThreadMessage.rating))
            .join(Thread, Thread.id == ThreadMessage.thread_id)
            .where(ThreadMessage.role == "assistant", ThreadMessage.state == "done", or_(*asked))
            .group_by(ThreadMessage.persona_version)
        )
        return {number: (count, up, down) for number, count, up, down in self._session.execute(given) if number}

    def votes(self, persona_id: UUID) -> dict[int, tuple[int, int]]:
        """By version: thumbs up and down where models and versions were compared."""
        given = (
            select(ComparisonAnswer.version, *_thumbs(ComparisonAnswer.rating))
            .join(Comparison, Comparison.id == ComparisonAnswer.comparison_id)
            .where(Comparison.about == persona_id, ComparisonAnswer.rating.is_not(None))
            .group_by(ComparisonAnswer.version)
        )
        return {number: (up, down) for number, up, down in self._session.execute(given)}

    def rates(self, persona_id: UUID) -> dict[int, RehearsalRate]:
        """By version: where it passed the largest share of its checks."""
        rows = self._session.scalars(select(RehearsalRate).where(RehearsalRate.persona_id == persona_id))
        best: dict[int, RehearsalRate] = {}
        for row in rows:
            there = best.get(row.version)
            if there is None or row.passed * there.total > there.passed * row.total:
                best[row.version] = row
        return best

    def carry_rates(self, persona_id: UUID, *, old: int, new: int) -> None:
        """Give a version that has the words of an older one what that one was rehearsed to."""
        rows = self._session.scalars(
            select(RehearsalRate).where(RehearsalRate.persona_id == persona_id, RehearsalRate.version == old)
        )
        self._session.add_all(
            RehearsalRate(
                persona_id=persona_id, version=new, model=row.model, passed=row.passed, total=row.total, at=row.at
            )
            for row in rows.all()
        )


def _thumbs(rating: InstrumentedAttribute[int | None]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.sum(case((rating > 0, 1), else_=0)), func.sum(case((rating < 0, 1), else_=0))
