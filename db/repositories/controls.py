"""Queries for budgets, their alerts and the switches that stop calls, as administrators see them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from db.models.base import table_of
from db.models.controls import Budget, BudgetAlert, Switch
from db.repositories.base import Repository
from db.repositories.dialects import insert_into

_ALERTS = table_of(BudgetAlert)


class Controls(Repository):
    """Budgets, alerts and switches."""

    def budgets(self, *scopes: str) -> list[Budget]:
        """The budgets of these kinds of scope."""
        return list(self._session.scalars(select(Budget).where(Budget.scope.in_(scopes))))

    def put_budget(self, scope: str, scope_id: str, month_nano: int | None) -> None:
        """Set a budget, or take it away."""
        if month_nano is None:
            self._session.execute(delete(Budget).where(Budget.scope == scope, Budget.scope_id == scope_id))
        else:
            self._session.merge(Budget(scope=scope, scope_id=scope_id, month_nano=month_nano))

    def add_switch(self, switch: Switch) -> None:
        """Stop something."""
        self._session.add(switch)

    def switch(self, switch_id: UUID) -> Switch | None:
        """One stop, in force or not."""
        return self._session.get(Switch, switch_id)

    def lift(self, switch_id: UUID, at: datetime) -> bool:
        """End a stop; False when it is not there or was lifted before."""
        lifted = (
            update(Switch)
            .where(Switch.id == switch_id, Switch.lifted_at.is_(None))
            .values(lifted_at=at)
            .returning(Switch.id)
        )
        return self._session.scalar(lifted) is not None

    def raise_alerts(self, alerts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Note passed thresholds (columns of `budget_alerts` by name); those that nobody had noted before."""
        statement = insert_into(self._session.get_bind().dialect.name, _ALERTS).on_conflict_do_nothing()
        new = statement.returning(_ALERTS.c.threshold)
        return [alert for alert in alerts if self._session.execute(new, alert).first() is not None]

    def alerts(self, *, since: datetime) -> list[BudgetAlert]:
        """What was noted from an instant on, newest first."""
        return list(
            self._session.scalars(
                select(BudgetAlert)
                .where(BudgetAlert.at >= since)
                .order_by(BudgetAlert.at.desc(), BudgetAlert.threshold.desc())
            )
        )
