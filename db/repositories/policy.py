"""What decides about a call, read inside the transaction that lets it in. Written without the mapper."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, bindparam, or_, select, tuple_, update

from db.models.base import table_of
from db.models.controls import Budget, Switch
from db.models.metering import Admission
from db.models.people import Person, UserSettings

_PEOPLE, _SETTINGS, _BUDGETS, _SWITCHES, _ADMISSIONS = map(table_of, (Person, UserSettings, Budget, Switch, Admission))

_PERSON: Select[Any] = (
    select(
        _PEOPLE.c.plan,
        _PEOPLE.c.disabled_at,
        _SETTINGS.c.ai_enabled,
        _SETTINGS.c.usage_limit,
        _SETTINGS.c.usage_period,
    )
    .select_from(_PEOPLE.outerjoin(_SETTINGS, _SETTINGS.c.person_id == _PEOPLE.c.id))
    .where(_PEOPLE.c.id == bindparam("person_id"))
)
_BUDGETS_OF = select(_BUDGETS).where(
    tuple_(_BUDGETS.c.scope, _BUDGETS.c.scope_id).in_(bindparam("scopes", expanding=True))
)
_IN_FORCE = (
    select(_SWITCHES)
    .where(
        _SWITCHES.c.lifted_at.is_(None),
        or_(_SWITCHES.c.expires_at.is_(None), _SWITCHES.c.expires_at > bindparam("now")),
    )
    .order_by(_SWITCHES.c.created_at)
)
_NEWEST: Select[Any] = select(_ADMISSIONS.c.day, _ADMISSIONS.c.created_at).order_by(_ADMISSIONS.c.id.desc()).limit(1)


class Policy:
    """Plans, budgets, switches and the newest day, as they stand at this moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def person(self, person_id: UUID) -> Row[Any] | None:
        """A person's plan and what is set for them alone."""
        return self._connection.execute(_PERSON, {"person_id": person_id}).one_or_none()

    def budgets(self, scopes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """The monthly budgets, in nano-USD, that these scopes have."""
        rows = self._connection.execute(_BUDGETS_OF, {"scopes": list(scopes)})
        return {(row.scope, row.scope_id): row.month_nano for row in rows}

    def switches(self, now: datetime) -> list[Row[Any]]:
        """The stops in force, oldest first."""
        return list(self._connection.execute(_IN_FORCE, {"now": now}))

    def newest_admission(self) -> Row[Any] | None:
        """The billing day and the time of the newest call."""
        return self._connection.execute(_NEWEST).one_or_none()

    def count_refusal(self, switch_id: UUID) -> None:
        """Note that a stop turned a call away."""
        refused = update(_SWITCHES).where(_SWITCHES.c.id == switch_id).values(refused=_SWITCHES.c.refused + 1)
        self._connection.execute(refused)
