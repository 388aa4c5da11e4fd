"""Queries for the settings of the house. Written without the mapper: one of them is read on every paid call."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, select

from db.models.base import table_of
from db.models.house import HouseSetting
from db.repositories.dialects import insert_into

_SETTINGS = table_of(HouseSetting)
_GET = select(_SETTINGS.c.value).where(_SETTINGS.c.name == bindparam("name"))
_HOLD, _LOCK = _GET.with_for_update(read=True), _GET.with_for_update()


class House:
    """Named values."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> Any:
        """The value, or None when nobody has set it."""
        return self._connection.scalar(_GET, {"name": name})

    def hold(self, name: str) -> Any:
        """The value, which nobody changes until the end of the transaction. Many may hold it together."""
        return self._connection.scalar(_HOLD, {"name": name})

    def lock(self, name: str) -> Any:
        """The value, which nobody else holds or changes until the end of the transaction."""
        return self._connection.scalar(_LOCK, {"name": name})

    def put(self, name: str, value: Any) -> None:
        """Set a value, whether it was there or not."""
        self._connection.execute(_put(self._connection.dialect.name), {"name": name, "value": value})

    def add_once(self, name: str, value: Any) -> bool:
        """Set a value that was never set; False when it was, also by somebody at this very moment."""
        added = self._connection.execute(_add_once(self._connection.dialect.name), {"name": name, "value": value})
        return added.first() is not None


@cache
def _put(dialect: str) -> Any:
    insert = insert_into(dialect, _SETTINGS)
    return insert.on_conflict_do_update(index_elements=["name"], set_={"value": insert.excluded.value})


@cache
def _add_once(dialect: str) -> Any:
    return insert_into(dialect, _SETTINGS).on_conflict_do_nothing().returning(_SETTINGS.c.name)
