"""The provider's bill beside the ledger: where they differ, by model, and what may be the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput
from engine.usage.reports import lines
from engine.usage.sums import Sums, total, usd
from engine.usage.view import Span, filter_of

LARGEST_USD = Decimal(10**9)
LONGEST = timedelta(days=366)
_HOUSE = ("env", "system")


@dataclass(frozen=True, slots=True)
class BilledModel:
    """A model in the ledger and on the bill; `billed_usd` None where the bill's sum for it was not entered."""

    model: str
    calls: int
    unknown_price: int
    ledger_usd: Decimal
    billed_usd: Decimal | None

    @property
    def gap_usd(self) -> Decimal | None:
        """How much more is on the bill."""
        return None if self.billed_usd is None else self.billed_usd - self.ledger_usd


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a bill may differ: which kind it is, for how many calls, and what those are in the ledger (None: no sum)."""

    kind: str
    calls: int
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Check:
    """A bill of one provider for days from `since` to `last`, and what the ledger has for them on the house's keys."""

    provider: str
    since: date
    last: date
    billed_usd: Decimal
    ledger_usd: Decimal
    models: tuple[BilledModel, ...]
    reasons: tuple[Reason, ...]

    @property
    def gap_usd(self) -> Decimal:
        """How much more is on the bill; below zero when it is less."""
        return self.billed_usd - self.ledger_usd

    @property
    def gap_share(self) -> float | None:
        """The gap as a part of the ledger's sum; None when that is nothing."""
        return float(self.gap_usd / self.ledger_usd) if self.ledger_usd else None


class Invoices:
    """Checks bills. `billing_zone` says when a day of ours begins; providers bill by days in UTC."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], billing_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = billing_zone

    @needs(Right.SEE_HOUSE_USAGE)
    def providers(self, actor: Actor, since: date, last: date) -> dict[str, list[str]]:
        """The providers that the house paid in these days, each with its models, the dearest first."""
        with self._database.read() as unit:
            span = _span(since, last)
            found = lines(unit, ("provider", "model"), filter_of(span, {"key_source": _HOUSE}))
        found.sort(key=lambda line: (-line.sums.cost_usd, -line.sums.calls, line.name))
        providers: dict[str, list[str]] = {}
        for line in found:
            providers.setdefault(line.values["provider"], []).append(line.values["model"])
        return providers

    @needs(Right.SEE_HOUSE_USAGE)
    def check(
        self,
        actor: Actor,
        provider: str,
        since: date,
        last: date,
        billed_usd: Decimal | None = None,
        by_model: Mapping[str, Decimal] | None = None,
    ) -> Check:
        """Compare the bill's sum, and its sums by model where they are known, with the ledger.

        Without a sum it is that of the models. Raises BadInput for a negative sum, none at all, or impossible days.
        """
        models = dict(by_model or {})
        for sum_usd in (*models.values(), *(() if billed_usd is None else (billed_usd,))):
            if not (sum_usd.is_finite() and 0 <= sum_usd <= LARGEST_USD):
                raise BadInput("A bill is between 0 and a billion dollars.", field="Billed")
        if billed_usd is None and not models:
            raise BadInput("Enter what the bill says.", field="Billed")
        span = _span(since, last)
        with self._database.read() as unit:
            found = {
                line.values["model"]: line.sums
                for line in lines(unit, ("model",), filter_of(span, {"provider": [provider], "key_source": _HOUSE}))
            }
            reasons = self._reasons(unit, provider, span, found)
        rows = [_billed(model, found.get(model, Sums()), models.get(model)) for model in {**found, **models}]
        return Check(
            provider=provider,
            since=since,
            last=last,
            billed_usd=sum(models.values(), start=Decimal()) if billed_usd is None else billed_usd,
            ledger_usd=total(found.values()).cost_usd,
            models=tuple(sorted(rows, key=lambda row: (-abs(row.gap_usd or row.ledger_usd), row.model))),
            reasons=tuple(reasons),
        )

    def _reasons(self, unit: Unit, provider: str, span: Span, found: Mapping[str, Sums]) -> list[Reason]:
        """Why the two may differ, only what there is: those without a price first, then what the ledger guessed."""
        ours = {"provider": [provider], "key_source": _HOUSE}
        unsure = unit.usage.uncertain(filter_of(span, ours))
        reasons = [Reason("unknown_price", total(found.values()).unknown_price, None)]
        reasons += [
            Reason(kind, int(getattr(unsure, f"{kind}_calls")), usd(getattr(unsure, f"{kind}_nano")))
            for kind in ("estimated", "expired", "corrected")
        ]
        reasons.append(Reason("failed", int(unsure.failed_calls), None))
        if self._differs_from_utc(span):
            edges = self._edges(unit, ours, span)
            reasons.append(Reason("time_zone", edges.calls, edges.cost_usd))
        (own,) = lines(unit, (), filter_of(span, {"provider": [provider], "key_source": ("user",)}))
        reasons.append(Reason("own_keys", own.sums.calls, own.sums.cost_usd))
        return [reason for reason in reasons if reason.calls]

    def _differs_from_utc(self, span: Span) -> bool:
        ends = (datetime.combine(day, datetime.min.time(), self._zone) for day in (span.since, span.until))
        return any(moment.utcoffset() for moment in ends)

    def _edges(self, unit: Unit, ours: Mapping[str, Sequence[str]], span: Span) -> Sums:
        """What was used on the first and the last day, which begin at another moment at the provider's."""
        days = {span.since, span.last}
        found = lines(unit, ("day",), filter_of(span, ours))
        return total(line.sums for line in found if date.fromisoformat(line.values["day"]) in days)


def _billed(model: str, sums: Sums, billed_usd: Decimal | None) -> BilledModel:
    return BilledModel(model, sums.calls, sums.unknown_price, sums.cost_usd, billed_usd)


def _span(since: date, last: date) -> Span:
    if not since <= last or last - since > LONGEST:
        raise BadInput("A bill is for at most a year, from a first day to a last one.", field="Days")
    return Span(since, last + timedelta(days=1))
