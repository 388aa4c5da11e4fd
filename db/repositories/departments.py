"""Queries for departments."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

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

    def change(self, department_id: UUID, **values: Any) -> None:
        """Change the named columns."""
        self._session.execute(update(Department).where(Department.id == department_id).values(**values))

    def remove(self, department_id: UUID) -> None:
        """Forget a department; its people are then in none."""
        self._session.execute(update(Person).where(Person.department_id == department_id).values(department_id=None))
        self._session.execute(delete(Department).where(Department.id == department_id))

    def sizes(self) -> dict[UUID, int]:
        """How many people each department has."""
        in_one = select(Person.department_id, func.count()).where(Person.department_id.is_not(None))
        return {found: count for found, count in self._session.execute(in_one.group_by(Person.department_id)) if found}
