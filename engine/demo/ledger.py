"""Writes invented calls as a running house would have: admissions, lines, what counters hold now, and alerts."""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.repositories.metering import Take
from db.unit import Unit
from engine.demo.calls import Invented
from engine.usage.alerts import THRESHOLDS
from engine.usage.limits import Moment, met_by
from engine.usage.lines import report, row_of
from engine.usage.plans import SETTING, Plans, plans_of
from engine.usage.policy import HOUSE, Policy

_KEPT = ("requests", "money", "own_key_requests")
_COUNTER = ("scope", "scope_id", "meter", "period")


def write(unit: Unit, calls: Sequence[Invented], now: datetime, zone: tzinfo) -> None:
    """Write the calls, oldest first, and add them up. Counters are kept for the month of `now` only: it is these that
    limits look at."""
    plans, month = plans_of(unit.house.get(SETTING)), f"{now.astimezone(zone):%Y-%m}"
    of_plan = {row.id: row.plan for row in unit.usage.accounts({each.admission.person_id for each in calls})}
    used: dict[tuple[str, ...], int] = {}
    admissions: list[dict[str, Any]] = []
    for each in calls:
        current = f"{each.admission.day:%Y-%m}" == month
        takes = _takes(each, plans, of_plan, zone) if current else []
        for take in takes:
            key = tuple(take.key.values())
            used[key] = used.get(key, 0) + _used(take, each)
        admissions.append(_admission(each, takes))
    unit.history.add_admissions(admissions)
    unit.history.add_lines(_line(each) for each in calls)
    unit.history.add_counters(
        dict(zip(_COUNTER, key, strict=True)) | {"used": amount, "held": 0} for key, amount in used.items()
    )
    unit.ledger.add_up()
    _note_alerts(unit, calls, month)


def _takes(each: Invented, plans: Plans, of_plan: dict[UUID, str], zone: tzinfo) -> list[Take]:
    admission = each.admission
    plan = plans.of(of_plan.get(admission.person_id, ""))
    policy = Policy(plans=plans, plan=plan, budgets={}, person_id=str(admission.person_id))
    met = met_by(each.asker.actor, admission.call, policy)
    moment = Moment(each.at, admission.day, zone)
    return [limit.take(amount, moment) for limit, amount in met if limit.meter in _KEPT]


def _used(take: Take, each: Invented) -> int:
    if not each.outcome.charged:
        return 0
    return each.outcome.cost.nano if take.meter == "money" and each.outcome.cost else take.amount


def _admission(each: Invented, takes: Iterable[Take]) -> dict[str, Any]:
    return row_of(each.admission, each.at, each.at) | {
        "takes": [[*take.key.values(), take.amount] for take in takes],
        "state": "settled" if each.outcome.charged else "released",
        "closed_at": each.at,
    }


def _line(each: Invented) -> dict[str, Any]:
    return report(each.admission, each.outcome, each.at) | {"id": uuid7(nanoseconds=int(each.at.timestamp() * 10**9))}


def _note_alerts(unit: Unit, calls: Iterable[Invented], month: str) -> None:
    """The thresholds of the house's budget that the month has passed, each at the moment of the call that did."""
    caps = {(row.scope, row.scope_id): row.month_nano for row in unit.controls.budgets(HOUSE[0])}
    cap, spent, noted = caps.get(HOUSE, 0), 0, set[int]()
    for each in calls:
        if f"{each.admission.day:%Y-%m}" != month or each.admission.call.key_source == "user" or not each.outcome.cost:
            continue
        spent += each.outcome.cost.nano
        for threshold in THRESHOLDS:
            if cap and threshold not in noted and spent * 100 >= threshold * cap:
                noted.add(threshold)
                unit.controls.raise_alerts([
                    {
                        "scope": HOUSE[0], "scope_id": HOUSE[1], "period": month, "threshold": threshold,
                        "used_nano": spent, "cap_nano": cap, "at": each.at,
                    }
                ])  # fmt: skip
