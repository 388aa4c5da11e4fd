"""Tables of what administrators decide about spending: budgets, what was said of them, and switches that stop calls."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Big, Identified


class Budget(Base):
    """The most that a scope may spend in a calendar month of the billing zone, in nano-USD.

    `scope` is "house", "department", "persona" or "person" (the cap that somebody sets for themselves).
    """

    __tablename__ = "budgets"

    scope: Mapped[str] = mapped_column(primary_key=True)
    scope_id: Mapped[str] = mapped_column(primary_key=True)
    month_nano: Mapped[Big]


class BudgetAlert(Base):
    """A threshold, in per cent, that a budget has passed in a period: said once."""

    __tablename__ = "budget_alerts"

    scope: Mapped[str] = mapped_column(primary_key=True)
    scope_id: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    threshold: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    used_nano: Mapped[Big]
    cap_nano: Mapped[Big]
    at: Mapped[datetime] = mapped_column(index=True)


class Switch(Identified, Base):
    """A stop: what it stops, why, since when, until when. `refused` counts the calls that it turned away.

    With `cut`, answers that are being written end too.
    """

    __tablename__ = "switches"
    __table_args__ = (
        Index(
            "ix_switches_in_force",
            "created_at",
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    scope: Mapped[str]
    target: Mapped[str]
    reason: Mapped[str]
    cut: Mapped[bool]
    author_id: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]
    refused: Mapped[Big] = mapped_column(default=0)
