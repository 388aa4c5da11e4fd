"""The table of prices that administrators set."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Identified, Json


class ModelPrice(Identified, Base):
    """What a model costs from `at` on: USD per million tokens by kind, as texts. The newest row of a model holds.

    `prices` None is the return to the list price. Rows are added and never changed.
    """

    __tablename__ = "model_prices"
    __table_args__ = (Index(None, "provider", "model"),)

    provider: Mapped[str]
    model: Mapped[str]
    prices: Mapped[dict[str, Any] | None] = mapped_column(Json)
    author_id: Mapped[UUID]
    at: Mapped[datetime]
