"""The gate of every model call: one transaction lets it in, one writes down what came of it."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, tzinfo
from itertools import count
from typing import NoReturn
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.base import NOBODY
from db.repositories.metering import Move, Take
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.errors import AlreadyDone, BadInput, InProgress, NotAllowed
from engine.usage.alerts import Alert, passed
from engine.usage.call import Admission, Call, Outcome
from engine.usage.limits import Moment, met_by
from engine.usage.lines import admission_of, correction, credit, expiry, report, row_of
from engine.usage.policy import Policy, billing_day, read_policy
from engine.usage.stops import Reach, check_person, first_hit, refusal

__all__ = ["Admission", "Call", "Guard", "Outcome"]

RECLAIM_EVERY = 50
"""Overdue calls are looked for at the first call of a process and then at every so many, so nothing needs a clock."""

_RECLAIM_MOST = 200


class _Stopped(Exception):
    """Leaves the transaction of a call that a stop turned away, so that it can be counted in one that commits."""

    def __init__(self, stop_id: UUID, refusal: NotAllowed) -> None:
        super().__init__()
        self.stop_id = stop_id
        self.refusal = refusal


class Guard:
    """Lets calls in and settles them.

    `billing_zone` says when a day begins; a call counts for the day on which it was admitted. An admission that
    nobody settles or renews within `lease_s` seconds is charged at what it holds, and marked as estimated. `on_alert`
    hears of each budget that passes a threshold, after the transaction, once.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime],
        billing_zone: tzinfo,
        lease_s: float,
        on_alert: Callable[[Alert], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._zone = billing_zone
        self._lease = timedelta(seconds=lease_s)
        self._on_alert = on_alert
        self._turns = count()

    def admit(self, actor: Actor, call: Call) -> Admission:
        """Hold what the call may take and return the right to make it.

        Raises StoppedByAdmin, AIOffForYou, SampleUsedUp, LimitExceeded, PriceUnknown or TierTooLow, and then nothing
        is held; InProgress or AlreadyDone when the person's idempotency key is known, and BadInput when it was given
        to another request.
        """
        if next(self._turns) % RECLAIM_EVERY == 0:
            self.reclaim()
        try:
            return self._admit(actor, call)
        except _Stopped as stopped:
            with self._database.write() as unit:
                unit.policy.count_refusal(stopped.stop_id)
            raise stopped.refusal from None

    def _admit(self, actor: Actor, call: Call) -> Admission:
        with self._database.write() as unit:
            now = self._clock()
            policy = read_policy(unit, actor, now, persona_key=call.persona_key)
            self._check_stops(actor, call, policy)
            day = billing_day(policy.newest_day, now.astimezone(self._zone).date())
            moment = Moment(now, day, self._zone)
            met = met_by(actor, call, policy)
            admission = Admission(
                id=uuid7(),
                call=call,
                person_id=actor.person_id or NOBODY,
                department_id=actor.department_id or NOBODY,
                day=day,
                takes=tuple(limit.take(amount, moment) for limit, amount in met),
            )
            if not unit.metering.open(row_of(admission, now, now + self._lease)):
                self._refuse_repeat(unit, admission, now)
            held = unit.metering.hold(admission.takes)
            for (limit, _), take, now_held in zip(met, admission.takes, held, strict=True):
                if take.cap is not None and now_held > take.cap:
                    raise limit.exceeded(now_held - take.amount, moment)
        return admission

    def now(self) -> datetime:
        """The guard's clock."""
        return self._clock()

    def renew(self, admissions: Iterable[UUID]) -> set[UUID]:
        """Lengthen the leases of calls that are being answered; those that are still open."""
        wanted = list(admissions)
        with self._database.write() as unit:
            return unit.metering.renew(wanted, self._clock() + self._lease)

    def settle(self, admission: Admission, outcome: Outcome) -> None:
        """Write down what came of a call, once: a second report of the same call changes nothing.

        A report after the lease has run out corrects what was charged then.
        """
        now = self._clock()
        in_time = "settled" if outcome.charged else "released"
        with self._database.write() as unit:
            if unit.metering.close(admission.id, was="open", becomes=in_time, at=now):
                credited = outcome.charged and outcome.first_token_ms is None and _credit(unit, admission)
                spent = _spent(admission, outcome, credited=credited)
                moves = [Move(take, -take.amount, used) for take, used in spent]
                lines = [*([credit(admission, now)] if credited else []), report(admission, outcome, now)]
            elif unit.metering.close(admission.id, was="expired", becomes="settled_late", at=now):
                credited = unit.metering.was_credited(admission.id)
                spent = _spent(admission, outcome, credited=credited)
                charged_then = _spent(admission, None, credited=credited)
                moves = [
                    Move(take, 0, used - then) for (take, used), (_, then) in zip(spent, charged_then, strict=True)
                ]
                lines = [correction(admission, outcome, now)]
            else:
                return
            unit.metering.move(moves)
            for line in lines:
                unit.metering.record(line)
            if not outcome.charged:
                unit.metering.free_key(admission.id)
            alerts = passed(unit, admission, now)
        for alert in alerts:
            self._on_alert(alert)

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
            if not unit.metering.expire(admission.id, now):
                return False
            credited = _credit(unit, admission)
            spent = _spent(admission, None, credited=credited)
            unit.metering.move(Move(take, -take.amount, used) for take, used in spent)
            for line in [*([credit(admission, now)] if credited else []), expiry(admission, now)]:
                unit.metering.record(line)
            return True

    def _check_stops(self, actor: Actor, call: Call, policy: Policy) -> None:
        reach = Reach.of(call, actor.person_id, actor.department_id)
        if stop := first_hit(policy.stops, reach):
            raise _Stopped(stop.id, refusal(stop))
        check_person(policy)

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


def _credit(unit: Unit, admission: Admission) -> bool:
    """Whether a sample is given back for an answer of which no word came: once in the life of a person."""
    sample = next((take for take in admission.takes if take.meter == "samples"), None)
    if sample is None:
        return False
    once = Take(sample.scope, sample.scope_id, "sample_credit", "life", 1, cap=1)
    if not unit.metering.take(once):
        return False
    unit.metering.move([Move(once, -1, 1)])
    return True


def _spent(admission: Admission, outcome: Outcome | None, *, credited: bool) -> list[tuple[Take, int]]:
    """What of each take was used; `outcome` None for a call that nobody reported, charged at what it holds."""
    return [(take, _used(take, outcome, credited=credited)) for take in admission.takes]


def _used(take: Take, outcome: Outcome | None, *, credited: bool) -> int:
    """Requests as taken, money as it was or, where that is unknown, as held; a place among answers at once is free
    again; a call counts against the minute whatever came of it."""
    if take.meter == "concurrent" or (take.meter == "samples" and credited):
        return 0
    if take.meter == "calls" or outcome is None:
        return take.amount
    if not outcome.charged:
        return 0
    return outcome.cost.nano if take.meter == "money" and outcome.cost else take.amount
