"""Queries for the prices that administrators set."""

from sqlalchemy import select

from db.models.prices import ModelPrice
from db.repositories.base import Repository


class Prices(Repository):
    """Prices with their history."""

    def add(self, price: ModelPrice) -> None:
        """Have a price hold from now on."""
        self._session.add(price)

    def all(self) -> list[ModelPrice]:
        """Everything that was ever set, oldest first: of each model the last one holds."""
        return list(self._session.scalars(select(ModelPrice).order_by(ModelPrice.id)))

    def of(self, provider: str, model: str) -> list[ModelPrice]:
        """What was set for one model, newest first."""
        found = select(ModelPrice).where(ModelPrice.provider == provider, ModelPrice.model == model)
        return list(self._session.scalars(found.order_by(ModelPrice.id.desc())))
