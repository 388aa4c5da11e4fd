"""The gate of every model call: one transaction lets it in, one writes down what came of it."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from itertools import count
from typing import NoReturn

from uuid_utils.compat import uuid7

from db.models.base import NOBODY
from db.repositories.metering import Move, Take
from db.session import Database, Unit
from engine.accounts.actor import Actor
from engine.errors import AlreadyDone, BadInput, InProgress
from engine.usage.call import Admission, Call, Outcome
from engine.usage.ledger import monthly_cap
from engine.usage.limits import HOUSE_MONTH, HOUSE_PAYS, met_by
from engine.usage.lines import admission_of, correction, expiry, report, row_of

__all__ = ["Admission", "Call", "Guard", "Outcome"]

RECLAIM_EVERY = 50
"""Overdue calls are looked for at the first call of a process and then at every so many, so nothing needs a clock."""

_RECLAIM_MOST = 200


class Guard:
    """Lets calls in and settles them.

    `billing_zone` says when a day begins; a call counts for the day on which it was admitted. An admission that
    nobody settles within `lease_s` seconds is charged at what it holds, and marked as estimated.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime], billing_zone: tzinfo, lease_s: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._zone = billing_zone
        self._lease = timedelta(seconds=lease_s)
        self._turns = count()

    def admit(self, actor: Actor, call: Call) -> Admission:
        """Hold what the call may take and return the right to make it.

        Raises SampleUsedUp, LimitExceeded, PriceUnknown or TierTooLow, and then nothing is held; InProgress or
        AlreadyDone when the person's idempotency key is known, and BadInput when it was given to another request.
        """
        if next(self._turns) % RECLAIM_EVERY == 0:
            self.reclaim()
        now = self._clock()
        day = now.astimezone(self._zone).date()
        with self._database.write() as unit:
            met = met_by(actor, call, monthly_cap(unit) if _house_pays(call) else 0)
            admission = Admission(
                id=uuid7(),
                call=call,
                person_id=actor.person_id or NOBODY,
                department_id=actor.department_id or NOBODY,
                day=day,
                takes=tuple(limit.take(actor, amount, day) for limit, amount in met),
            )
            if not unit.metering.open(row_of(admission, now, now + self._lease)):
                self._refuse_repeat(unit, admission, now)
            for (limit, _), take in zip(met, admission.takes, strict=True):
                if not unit.metering.take(take):
                    raise limit.exceeded(unit.metering.reading(take), day, self._zone)
        return admission

    def settle(self, admission: Admission, outcome: Outcome) -> None:
        """Write down what came of a call, once: a second report of the same call changes nothing.

        A report after the lease has run out corrects what was charged then.
        """
        now, spent = self._clock(), _spent(admission, outcome)
        in_time = "settled" if outcome.charged else "released"
        with self._database.write() as unit:
            if unit.metering.close(admission.id, was="open", becomes=in_time, at=now):
                moves = [Move(take, -take.amount, used) for take, used in spent]
                line = report(admission, outcome, now)
            elif unit.metering.close(admission.id, was="expired", becomes="settled_late", at=now):
                moves = [Move(take, 0, used - take.amount) for take, used in spent]
                line = correction(admission, outcome, now)
            else:
                return
            unit.metering.move(moves)
            unit.metering.record(line)
            if not outcome.charged:
                unit.metering.free_key(admission.id)

    def reclaim(self) -> int:
        """Charge the calls whose lease has run out at what they hold; how many there were.

        Each in a transaction of its own: several people's counters in one would be a deadlock in waiting.
        """
        now = self._clock()
        with self._database.read() as unit:
            overdue = unit.ledger.overdue(now, most=_RECLAIM_MOST)
        return sum(self._expire(admission_of(row), now) for row in overdue)

    def _expire(self, admission: Admission, now: datetime) -> bool:
        with self._database.write() as unit:
            if not unit.metering.close(admission.id, was="open", becomes="expired", at=now):
                return False
            unit.metering.move(Move(take, -take.amount, take.amount) for take in admission.takes)
            unit.metering.record(expiry(admission, now))
            return True

    def _refuse_repeat(self, unit: Unit, admission: Admission, now: datetime) -> NoReturn:
        """Say what became of the request that had this idempotency key first."""
        first = unit.ledger.admission_by_key(admission.person_id, admission.call.idempotency_key or "")
        if first is None:
            raise InProgress("This request has just been given up.", hint="Send it again.")
        if first.body_hash != admission.call.body_hash:
            raise BadInput("This request key belongs to another request.", field="idempotency_key")
        if first.state == "open" and first.lease_until > now:
            raise InProgress("This request is being answered already.", hint="Wait for its answer.")
        raise AlreadyDone(
            "This request was answered before.", admission_id=str(first.id), hint="Send it as a new request."
        )


def _house_pays(call: Call) -> bool:
    return call.key_source in HOUSE_PAYS and bool(call.hold_nano)


def _spent(admission: Admission, outcome: Outcome) -> list[tuple[Take, int]]:
    """What of each take was used: requests as taken, money as it was; where that is unknown, as held."""
    if not outcome.charged:
        return [(take, 0) for take in admission.takes]
    cost = outcome.cost
    return [(take, cost.nano if cost and take.meter == HOUSE_MONTH.meter else take.amount) for take in admission.takes]
