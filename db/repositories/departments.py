"""Queries for departments."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from db.failures import is_taken
from db.models.people import Department, Person
from db.repositories.base import Repository


class Departments(Repository):
    """Departments and how many people are in them."""

    def add(self, department: Department) -> bool:
        """Add a department; False when the name is taken."""
        return self._added(department)

    def all(self) -> list[Department]:
        """All departments by name."""
        return list(self._session.scalars(select(Department).order_by(func.lower(Department.name))))

    def by_id(self, department_id: UUID) -> Department | None:
        """The department with this id."""
        return self._session.get(Department, department_id)

    def by_name(self, name: str) -> Department | None:
        """The department with this name, whatever its case."""
        return self._session.scalar(select(Department).where(func.lower(Department.name) == name.lower()))

    def for_change(self, department_id: UUID) -> Department | None:
        """The department as it is now, held still until the end of the transaction."""
        row = select(Department).where(Department.id == department_id).with_for_update()
        return self._session.scalar(row.execution_options(populate_existing=True))

    def hold(self, department_id: UUID) -> bool:
        """Whether the department is there; it then stays until the end of the transaction."""
        there = select(Department.id).where(Department.id == department_id)
        return self._session.scalar(there.with_for_update(read=True, key_share=True)) is not None

    def change(self, department_id: UUID, **values: Any) -> None:
        """Change the named columns."""
        self._session.execute(update(Department).where(Department.id == department_id).values(**values))

    def rename(self, department_id: UUID, name: str) -> bool:
        """Give a department another name; False when that is taken."""
        try:
            with self._session.begin_nested():
                self.change(department_id, name=name)
        except IntegrityError as problem:
            if is_taken(problem):
                return False
            raise
        return True

    def remove(self, department_id: UUID) -> int | None:
        """Forget a department and return how many people were in it, who are then in none; None when it is gone.

        The department goes first: whoever is being put into it at this moment is waited for.
        """
        gone = delete(Department).where(Department.id == department_id).returning(Department.id)
        if self._session.scalar(gone) is None:
            return None
        left = update(Person).where(Person.department_id == department_id).values(department_id=None)
        return len(self._session.scalars(left.returning(Person.id)).all())

    def leads(self) -> dict[UUID, list[str]]:
        """The names of each department's leads who may come in."""
        rows = self._session.execute(
            select(Person.department_id, Person.name)
            .where(Person.department_id.is_not(None), Person.role == "lead", Person.disabled_at.is_(None))
            .order_by(func.lower(Person.name), Person.id)
        )
        found: dict[UUID, list[str]] = {}
        for department_id, name in rows:
            if department_id is not None:
                found.setdefault(department_id, []).append(name)
        return found

    def names(self, ids: Iterable[UUID]) -> dict[UUID, str]:
        """What these departments are called; whichever is gone is left out."""
        rows = self._session.execute(select(Department.id, Department.name).where(Department.id.in_(list(ids))))
        return {department_id: name for department_id, name in rows}

    def sizes(self) -> dict[UUID, int]:
        """How many people each department has."""
        in_one = select(Person.department_id, func.count()).where(Person.department_id.is_not(None))
        return {found: count for found, count in self._session.execute(in_one.group_by(Person.department_id)) if found}
