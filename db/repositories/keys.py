"""Queries for provider keys. They handle sealed text only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from db.models.keys import ProviderKey
from db.repositories.base import Repository


class Keys(Repository):
    """Provider keys; every query names whose they are."""

    def of(self, *owners: UUID) -> list[ProviderKey]:
        """The keys of these owners."""
        return list(self._session.scalars(select(ProviderKey).where(ProviderKey.owner_id.in_(owners))))

    def one(self, owner_id: UUID, provider: str) -> ProviderKey | None:
        """An owner's key at a provider."""
        return self._session.scalar(select(ProviderKey).where(*_mine(owner_id, provider)))

    def put(self, key: ProviderKey) -> None:
        """Store a key in place of the owner's earlier one at that provider."""
        self.remove(key.owner_id, key.provider)
        self._session.add(key)
        self._session.flush()

    def judge(self, key_id: UUID, verdict: str, said: str, at: datetime) -> None:
        """Note what a test of exactly this key found."""
        self._change(ProviderKey.id == key_id, verdict=verdict, verdict_said=said, checked_at=at)

    def pause(self, owner_id: UUID, provider: str, at: datetime | None) -> bool:
        """Stop using a key, or use it again; False when there is none."""
        return self._change(*_mine(owner_id, provider), paused_at=at)

    def remove(self, owner_id: UUID, provider: str) -> None:
        """Forget a key."""
        self._session.execute(delete(ProviderKey).where(*_mine(owner_id, provider)))

    def _change(self, *where: Any, **values: Any) -> bool:
        changed = update(ProviderKey).where(*where).values(**values).returning(ProviderKey.id)
        return self._session.scalar(changed) is not None


def _mine(owner_id: UUID, provider: str) -> tuple[Any, Any]:
    return ProviderKey.owner_id == owner_id, ProviderKey.provider == provider
