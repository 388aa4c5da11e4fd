"""What metering writes: the row of an admission, and the lines of the ledger that can follow from it."""

from datetime import datetime
from typing import Any

from uuid_utils.compat import uuid7

from db.models.metering import Admission as AdmissionRow
from db.repositories.metering import Take
from engine.usage.call import Admission, Call, Outcome


def row_of(admission: Admission, now: datetime, lease_until: datetime) -> dict[str, Any]:
    """The row of a call that is let in."""
    return _facts(admission) | {
        "id": admission.id,
        "idempotency_key": admission.call.idempotency_key,
        "body_hash": admission.call.body_hash,
        "state": "open",
        "takes": [[*take.key.values(), take.amount] for take in admission.takes],
        "hold_nano": admission.call.hold_nano,
        "lease_until": lease_until,
        "created_at": now,
    }


def admission_of(row: AdmissionRow) -> Admission:
    """The admission of a row, for a call whose process is gone."""
    call = Call(
        surface=row.surface,
        mode=row.mode,
        provider=row.provider,
        model=row.model,
        profile=row.profile,
        key_source=row.key_source,
        tier=row.tier,
        persona_key=row.persona_key,
        persona_version=row.persona_version,
        hold_nano=row.hold_nano,
    )
    takes = tuple(Take(*take) for take in row.takes)
    return Admission(row.id, call, row.person_id, row.department_id, row.day, takes)


def report(admission: Admission, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """The line of a call whose outcome was reported in time."""
    cost = outcome.cost.nano if outcome.cost else None
    return _line(admission, outcome, now) | {
        "kind": "call",
        "calls": 1,
        "cost_nano": cost if outcome.charged else 0,
        "saved_nano": _saved(outcome),
        "provider": outcome.provider or admission.call.provider,
        "model": outcome.model or admission.call.model,
    }


def expiry(admission: Admission, now: datetime) -> dict[str, Any]:
    """The line of a call that nobody reported: charged at what it holds, since it may have been answered."""
    unreported = Outcome(status="unknown", charged=True, estimated=True, latency_ms=None)
    return _line(admission, unreported, now) | {"kind": "expired", "calls": 1, "cost_nano": admission.call.hold_nano}


def credit(admission: Admission, now: datetime) -> dict[str, Any]:
    """The line that gives a sample back: no call, no cost."""
    nothing = Outcome(status="unknown", charged=False, latency_ms=None, attempts=0)
    return _line(admission, nothing, now) | {"kind": "credit", "calls": 0, "cost_nano": 0}


def amendment(admission: Admission, kind: str, difference_nano: int, now: datetime) -> dict[str, Any]:
    """The line of an administrator's correction: no call, and the difference in cost."""
    put_right = Outcome(status="unknown", charged=difference_nano != 0, latency_ms=None, attempts=0)
    return _line(admission, put_right, now) | {"kind": kind, "calls": 0, "cost_nano": difference_nano}


def correction(admission: Admission, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """The line of a report after the expiry: no further call, and the difference to what was charged then."""
    cost = outcome.cost.nano if outcome.cost and outcome.charged else None if outcome.charged else 0
    charged_then = admission.call.hold_nano or 0
    return _line(admission, outcome, now) | {
        "kind": "late",
        "calls": 0,
        "cost_nano": None if cost is None else cost - charged_then,
        "saved_nano": _saved(outcome),
    }


def _saved(outcome: Outcome) -> int:
    return outcome.cost.saved_nano if outcome.cost and outcome.charged else 0


def _line(admission: Admission, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """What all lines have in common."""
    return _facts(admission) | {
        "id": uuid7(),
        "admission_id": admission.id,
        "at": now,
        "status": outcome.status,
        "error_code": outcome.error_code,
        "charged": outcome.charged,
        "estimated": outcome.estimated,
        **outcome.usage.as_dict(),
        "unit_prices": outcome.cost.unit_prices if outcome.cost else {},
        "attempts": outcome.attempts,
        "latency_ms": outcome.latency_ms,
        "first_token_ms": outcome.first_token_ms,
        "guessed": outcome.guessed,
        "saved_nano": 0,
    }


def _facts(admission: Admission) -> dict[str, Any]:
    """The columns that an admission and its ledger lines share."""
    call = admission.call
    return {
        "day": admission.day,
        "person_id": admission.person_id,
        "department_id": admission.department_id,
        "provider": call.provider,
        "model": call.model,
        "profile": call.profile,
        "surface": call.surface,
        "mode": call.mode,
        "tier": call.tier,
        "key_source": call.key_source,
        "persona_key": call.persona_key or "",
        "persona_version": call.persona_version,
    }
