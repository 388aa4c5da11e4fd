"""What decides about a call, read inside the transaction that lets it in. Written without the mapper."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    exists,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from db.models.base import table_of
from db.models.controls import Budget, Switch
from db.models.house import HouseSetting
from db.models.metering import Admission
from db.models.people import Person, UserSettings

_PEOPLE, _SETTINGS, _BUDGETS, _SWITCHES, _ADMISSIONS, _HOUSE = map(
    table_of, (Person, UserSettings, Budget, Switch, Admission, HouseSetting)
)

_OF_PERSON = (
    _PEOPLE.c.plan,
    _PEOPLE.c.disabled_at,
    _SETTINGS.c.ai_enabled,
    _SETTINGS.c.usage_limit,
    _SETTINGS.c.usage_period,
    _SETTINGS.c.preferred_model,
)
_PLANS = select(_HOUSE.c.value).where(_HOUSE.c.name == bindparam("plans")).scalar_subquery().label("plans")
_PERSON: Select[Any] = (
    select(*_OF_PERSON, _PLANS)
    .select_from(_PEOPLE.outerjoin(_SETTINGS, _SETTINGS.c.person_id == _PEOPLE.c.id))
    .where(_PEOPLE.c.id == bindparam("person_id"))
)
_BUDGETS_OF = select(_BUDGETS).where(
    tuple_(_BUDGETS.c.scope, _BUDGETS.c.scope_id).in_(bindparam("scopes", expanding=True))
)
_STANDS = (
    _SWITCHES.c.lifted_at.is_(None),
    or_(_SWITCHES.c.expires_at.is_(None), _SWITCHES.c.expires_at > bindparam("now")),
)
_IN_FORCE = select(_SWITCHES).where(*_STANDS).order_by(_SWITCHES.c.created_at)
_NEWEST_DAY: Select[Any] = select(_ADMISSIONS.c.day).order_by(_ADMISSIONS.c.id.desc()).limit(1)


def _cap(scope: str) -> ColumnElement[Any]:
    """The monthly budget of a scope, whose id is the parameter of that name."""
    mine = (_BUDGETS.c.scope == scope, _BUDGETS.c.scope_id == bindparam(scope))
    return select(_BUDGETS.c.month_nano).where(*mine).scalar_subquery().label(f"{scope}_nano")


BUDGETED = ("house", "person", "department", "persona")
_ONE = select(literal(1).label("one")).subquery()
_DECIDES: Select[Any] = select(
    *_OF_PERSON,
    _PLANS,
    *map(_cap, BUDGETED),
    exists().where(*_STANDS).label("stopped"),
    _NEWEST_DAY.scalar_subquery().label("newest_day"),
).select_from(
    _ONE.outerjoin(_PEOPLE, _PEOPLE.c.id == bindparam("person_id")).outerjoin(
        _SETTINGS, _SETTINGS.c.person_id == _PEOPLE.c.id
    )
)


class Policy:
    """Plans, budgets, switches and the newest day, as they stand at this moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def person(self, person_id: UUID, plans: str) -> Row[Any] | None:
        """A person's plan, what is set for them alone, and the house's setting of the plans, which has that name."""
        return self._connection.execute(_PERSON, {"person_id": person_id, "plans": plans}).one_or_none()

    def decides(self, person_id: UUID | None, scopes: Mapping[str, str], plans: str, now: datetime) -> Row[Any]:
        """All that decides about a call, of one moment: the same, the budgets of the scopes (their ids by BUDGETED),
        whether anything is stopped, and the newest billing day. What is not there is None."""
        ids = dict.fromkeys(BUDGETED, "") | dict(scopes)
        values = ids | {"person_id": person_id, "plans": plans, "now": now}
        return self._connection.execute(_DECIDES, values).one()

    def budgets(self, scopes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """The monthly budgets, in nano-USD, that these scopes have."""
        rows = self._connection.execute(_BUDGETS_OF, {"scopes": list(scopes)})
        return {(row.scope, row.scope_id): row.month_nano for row in rows}

    def switches(self, now: datetime) -> list[Row[Any]]:
        """The stops in force, oldest first."""
        return list(self._connection.execute(_IN_FORCE, {"now": now}))

    def newest_day(self) -> date | None:
        """The billing day of the newest call."""
        day: date | None = self._connection.scalar(_NEWEST_DAY)
        return day

    def count_refusal(self, switch_id: UUID) -> None:
        """Note that a stop turned a call away."""
        refused = update(_SWITCHES).where(_SWITCHES.c.id == switch_id).values(refused=_SWITCHES.c.refused + 1)
        self._connection.execute(refused)
