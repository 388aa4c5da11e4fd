"""Queries for comparisons. Every one of them names whose they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from db.models.authoring import Comparison, ComparisonAnswer
from db.repositories.base import Repository


class Comparisons(Repository):
    """Questions that were put to several models or versions, and what they said."""

    def add(self, comparison: Comparison, answers: Sequence[ComparisonAnswer]) -> None:
        """Add a question with its columns."""
        self._session.add(comparison)
        self._session.flush()
        self._session.add_all(answers)

    def newest(self, person_id: UUID, about: UUID, *, most: int) -> list[tuple[Comparison, list[ComparisonAnswer]]]:
        """The last questions of a person about a persona, the newest first, each with its columns in order."""
        asked = select(Comparison).where(Comparison.person_id == person_id, Comparison.about == about)
        return self._with_answers(self._session.scalars(asked.order_by(Comparison.id.desc()).limit(most)).all())

    def of_person(self, person_id: UUID) -> list[tuple[Comparison, list[ComparisonAnswer]]]:
        """Everything a person compared, for an export."""
        asked = select(Comparison).where(Comparison.person_id == person_id).order_by(Comparison.id)
        return self._with_answers(self._session.scalars(asked).all())

    def answer(self, person_id: UUID, answer_id: UUID) -> tuple[Comparison, ComparisonAnswer] | None:
        """One column of a person's own comparison."""
        found = self._session.execute(
            select(Comparison, ComparisonAnswer)
            .join(ComparisonAnswer, ComparisonAnswer.comparison_id == Comparison.id)
            .where(ComparisonAnswer.id == answer_id, Comparison.person_id == person_id)
        ).one_or_none()
        return None if found is None else (found[0], found[1])

    def keep(self, answer_id: UUID, **values: Any) -> bool:
        """Save a column as far as it is; False when it is over."""
        kept = (
            update(ComparisonAnswer)
            .where(ComparisonAnswer.id == answer_id, ComparisonAnswer.state == "writing")
            .values(**values)
            .returning(ComparisonAnswer.id)
        )
        return self._session.scalar(kept) is not None

    def describe(self, answer_id: UUID, **values: Any) -> None:
        """Keep facts about a column, whatever its state."""
        self._session.execute(update(ComparisonAnswer).where(ComparisonAnswer.id == answer_id).values(**values))

    def drop_before(self, instant: datetime) -> int:
        """Forget what was asked before an instant; how many questions there were."""
        old = delete(Comparison).where(Comparison.created_at < instant).returning(Comparison.id)
        return len(self._session.scalars(old).all())

    def _with_answers(self, rows: Sequence[Comparison]) -> list[tuple[Comparison, list[ComparisonAnswer]]]:
        ids = [row.id for row in rows]
        found: dict[UUID, list[ComparisonAnswer]] = {row_id: [] for row_id in ids}
        columns = select(ComparisonAnswer).where(ComparisonAnswer.comparison_id.in_(ids))
        for answer in self._session.scalars(columns.order_by(ComparisonAnswer.place)):
            found[answer.comparison_id].append(answer)
        return [(row, found[row.id]) for row in rows]
