"""Queries for provider keys, which are sealed text here. Without the mapper: every call looks at them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from db.models.base import table_of
from db.models.keys import ProviderKey

_KEYS = table_of(ProviderKey)
_OF = select(_KEYS).where(_KEYS.c.owner_id.in_(bindparam("owners", expanding=True)))


class Keys:
    """Provider keys; every query names whose they are, or exactly which key is meant."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, *owners: UUID) -> list[Row[Any]]:
        """The keys of these owners."""
        return list(self._connection.execute(_OF, {"owners": owners}))

    def one(self, owner_id: UUID, provider: str) -> Row[Any] | None:
        """An owner's key at a provider."""
        return self._connection.execute(select(_KEYS).where(*_mine(owner_id, provider))).one_or_none()

    def put(self, key: dict[str, Any]) -> None:
        """Store a key (its columns by name) in place of the owner's earlier one at that provider."""
        self.remove(key["owner_id"], key["provider"])
        self._connection.execute(insert(_KEYS), key)

    def judge(self, key_id: UUID, owners: Collection[UUID], verdict: str, said: str, at: datetime) -> None:
        """Note what a test of exactly this key of one of these owners found."""
        where = (_KEYS.c.id == key_id, _KEYS.c.owner_id.in_(owners))
        self._change(*where, verdict=verdict, verdict_said=said, checked_at=at)

    def pause(self, owner_id: UUID, provider: str, at: datetime | None) -> bool:
        """Stop using a key, or use it again; False when there is none."""
        return self._change(*_mine(owner_id, provider), paused_at=at)

    def remove(self, owner_id: UUID, provider: str) -> bool:
        """Forget a key; False when there is none."""
        removed = delete(_KEYS).where(*_mine(owner_id, provider)).returning(_KEYS.c.id)
        return self._connection.execute(removed).first() is not None

    def _change(self, *where: Any, **values: Any) -> bool:
        changed = update(_KEYS).where(*where).values(**values).returning(_KEYS.c.id)
        return self._connection.execute(changed).first() is not None


def _mine(owner_id: UUID, provider: str) -> tuple[Any, Any]:
    return _KEYS.c.owner_id == owner_id, _KEYS.c.provider == provider
