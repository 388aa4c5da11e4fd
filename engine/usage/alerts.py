"""Budgets that pass a threshold: noted once per threshold and month, and told to whoever listens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.unit import Unit
from engine.usage.call import Admission

THRESHOLDS = (50, 80, 95, 100)


@dataclass(frozen=True, slots=True)
class Alert:
    """A budget that has just passed `threshold` per cent in its period."""

    scope: str
    scope_id: str
    period: str
    threshold: int
    used_nano: int
    cap_nano: int
    at: datetime


def passed(unit: Unit, admission: Admission, now: datetime) -> list[Alert]:
    """Note the thresholds that this call's budgets have reached; of each budget the highest that is new."""
    budgets = [
        take for take in admission.takes if take.meter == "money" and take.cap and len(take.period) == len("2026-11")
    ]
    reached: list[dict[str, Any]] = []
    for take, used in zip(budgets, unit.metering.used_of(budgets), strict=True):
        reached += [
            {
                "scope": take.scope,
                "scope_id": take.scope_id,
                "period": take.period,
                "threshold": threshold,
                "used_nano": used,
                "cap_nano": take.cap,
                "at": now,
            }
            for threshold in THRESHOLDS
            if used * 100 >= threshold * (take.cap or 0)
        ]
    if not reached:
        return []
    new = [Alert(**alert) for alert in unit.controls.raise_alerts(reached)]
    return list({(alert.scope, alert.scope_id): alert for alert in new}.values())
