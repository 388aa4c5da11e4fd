"""What is left after a campaign of kills, compared with what the host saw."""

from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from db.health import check_integrity
from db.models import Admission as AdmissionRow
from db.models import Counter, UsageEvent
from db.session import Database
from engine.usage.guard import Guard
from engine.usage.ledger import Ledger
from tests.engine.usage.cases import OPERATOR, Clock, rows
from tests.reliability.figures import Figure


@dataclass(frozen=True, slots=True)
class Books:
    """The counts of a campaign; all but `asked` and `uncalled` have to be nought."""

    asked: int
    lost: int
    doubled: int
    over_cap: int
    held: int
    astray: int
    uncalled: int

    @property
    def sound(self) -> bool:
        return not (self.lost or self.doubled or self.over_cap or self.held or self.astray)

    def figure(self, check: str, *, passed: bool = True) -> Figure:
        """As one line."""
        found = (
            f"{self.asked} calls at the host: lost {self.lost}, doubled {self.doubled}, over cap {self.over_cap}, "
            f"held {self.held}, sums astray {self.astray}; charged without a call {self.uncalled}"
        )
        return Figure(check, found, "lost, doubled, over cap, held, astray: 0", self.sound and passed)


def reclaimed(database: Database) -> None:
    """What a new process does when all leases have run out."""
    later = Clock(datetime.now(UTC) + timedelta(hours=1))
    guard = Guard(database, clock=later, billing_zone=UTC, lease_s=60)
    while guard.reclaim():
        continue


def audited(database: Database, requests: Sequence[str], *, requests_day: int) -> Books:
    """Reclaim, then compare the ledger and the counters with the requests that the host wrote down."""
    reclaimed(database)
    check_integrity(database)
    charged: Tally[str] = Tally()
    cost = 0
    keys = {row.id: row.idempotency_key for row in rows(database, AdmissionRow)}
    lines = rows(database, UsageEvent)
    for line in lines:
        charged[keys[line.admission_id] or ""] += line.calls * line.charged
        cost += line.cost_nano or 0
    counters = rows(database, Counter)
    money = sum(row.used for row in counters if (row.scope, row.meter) == ("house", "money"))
    days = [row for row in counters if row.meter == "requests" and len(row.period) == len("2026-11-22")]
    astray = len(Ledger(database, clock=Clock(), billing_zone=UTC).verify(OPERATOR))
    astray += money != cost
    astray += sum(row.used for row in days) != sum(charged.values())
    seen = Tally(requests)
    return Books(
        asked=len(requests),
        lost=sum(charged[tag] == 0 for tag in seen),
        doubled=sum(times - 1 for times in seen.values()) + sum(max(0, times - 1) for times in charged.values()),
        over_cap=sum(row.used + row.held > requests_day for row in days),
        held=sum(row.held != 0 for row in counters) + sum(row.state == "open" for row in rows(database, AdmissionRow)),
        astray=astray,
        uncalled=sum(tag not in seen for tag in charged),
    )
