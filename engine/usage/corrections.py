"""Corrections by administrators: new lines of the ledger. Nothing that was written is ever changed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from db.models.metering import UsageEvent
from db.repositories.metering import Move
from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.usage.lines import admission_of, amendment
from engine.usage.prices import NANO


class Corrections:
    """Puts right what a call was charged."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.MANAGE_ALLOWANCES)
    def correct(
        self, actor: Actor, admission_id: UUID, *, cost_usd: Decimal | None = None, give_back: bool = False, reason: str
    ) -> None:
        """Set what a closed call has cost (None leaves it), and give its request back; the counters follow.

        A call whose cost was unknown counts as what it held until then; a report of a call that nobody had reported
        until then changes nothing more. Raises NotFound, and BadInput for a call that
        is still open, a negative cost, a missing reason or nothing to correct.
        """
        why = " ".join(reason.split())
        if not why:
            raise BadInput("A correction needs a reason.", field="Reason")
        if cost_usd is not None and not (cost_usd.is_finite() and cost_usd >= 0):
            raise BadInput("A cost cannot be negative.", field="Cost")
        now = self._clock()
        with self._database.write() as unit:
            row = unit.ledger.admission(admission_id)
            if row is None:
                raise NotFound("There is no such call.", hint="Choose one from the list of calls.")
            if row.state == "open":
                raise BadInput("This call is still being answered.", field="Call", hint="Wait for its end.")
            admission = admission_of(row)
            lines = unit.ledger.lines_of(admission_id)
            charged = sum(_counted(line, row.hold_nano or 0) for line in lines)
            right = charged if cost_usd is None else int((cost_usd * NANO).to_integral_value(ROUND_HALF_EVEN))
            given = give_back and _request_counts(lines)
            if right == charged and not given:
                raise BadInput("There is nothing to correct.", field="Cost", hint="Enter another cost.")
            # The administrator's word is the last: a report that comes after it would be counted on top of it.
            unit.metering.close(admission_id, was="expired", becomes="settled_late", at=now)
            kind = f"{'given-back' if given else 'correction'}-{len(lines)}"
            unit.metering.move(
                Move(take, 0, right - charged if take.meter == "money" else -take.amount)
                for take in admission.takes
                if take.meter == "money" or (given and take.meter in ("requests", "samples"))
            )
            unit.metering.record(amendment(admission, kind, right - charged, now))
            after = {"cost_nano": right, "request_given_back": given, "reason": why}
            before = {"cost_nano": charged}
            record(unit, actor.person_id, "call.correct", "call", admission_id, now, before=before, after=after)


def _counted(line: UsageEvent, hold_nano: int) -> int:
    """What a line did to the counters of money: an unknown cost counts as what was held, once."""
    if line.cost_nano is not None:
        return line.cost_nano
    return hold_nano if line.calls else 0


def _request_counts(lines: Sequence[UsageEvent]) -> bool:
    """Whether the call's request is still counted: it was charged in the end, and nobody gave it back."""
    told = [line for line in lines if line.kind in ("call", "expired", "late")]
    given = any(line.kind == "credit" or line.kind.startswith("given-back") for line in lines)
    return bool(told) and told[-1].charged and not given
