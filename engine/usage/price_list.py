"""Prices that administrators set: kept with their history, in force for the calls that come after."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.base import NOBODY
from db.models.prices import ModelPrice
from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.usage.dashboard import billing_today
from engine.usage.naming import names_of
from engine.usage.prices import Named, PriceBook, PricesByModel, Source, UnitPrices, completed
from engine.usage.sums import Sums
from engine.usage.view import View

FRESH_S = 60.0
"""How long a process may go on with the prices it knows, when another process has set new ones."""

HIGHEST_USD = Decimal(100_000)
_PLACES = 6


class PricesInForce:
    """What administrators set, read again when it is older than FRESH_S: prices are asked for on every call."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: tuple[float, PricesByModel] | None = None
        self._lock = threading.Lock()

    def now(self) -> PricesByModel:
        """Prices by provider and model."""
        known = self._known
        if known is None or time.monotonic() - known[0] > FRESH_S:
            with self._lock:
                known = self._known = (time.monotonic(), self._read())
        return known[1]

    def forget(self) -> None:
        """Have the next call read them again."""
        self._known = None

    def _read(self) -> PricesByModel:
        with self._database.read() as unit:
            newest = {(row.provider, row.model): row.prices for row in unit.prices.all()}
        return {named: _decimals(prices) for named, prices in newest.items() if prices is not None}


@dataclass(frozen=True, slots=True)
class SetPrice:
    """What was set when by whom; `prices` None took a price back."""

    at: datetime
    by: str
    prices: UnitPrices | None


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs now (None: nobody knows), where that comes from, and what was set before, newest first."""

    provider: str
    model: str
    prices: UnitPrices | None
    source: Source | None
    history: tuple[SetPrice, ...]


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A model whose calls had no price when they were made, and whether it has one now."""

    provider: str
    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    priced_now: bool


class PriceList:
    """Reads and sets prices. A line of the ledger keeps the price of its day: what is set changes nothing behind us."""

    def __init__(
        self,
        database: Database,
        book: PriceBook,
        in_force: PricesInForce,
        *,
        clock: Callable[[], datetime],
        billing_zone: tzinfo,
    ) -> None:
        self._database = database
        self._book = book
        self._in_force = in_force
        self._clock = clock
        self._zone = billing_zone

    @needs(Right.MANAGE_ALLOWANCES)
    def unknown(self, actor: Actor, view: View) -> list[Unpriced]:
        """The models of a view whose calls had no price, those with the most calls first."""
        with self._database.read() as unit:
            span = view.span(billing_today(unit, self._clock(), self._zone))
            rows = unit.usage.sums(("provider", "model"), view.filter(span))
        found = [(row.provider, row.model, Sums.of(row)) for row in rows if row.unknown_price]
        return [
            Unpriced(
                provider=provider,
                model=model,
                calls=sums.unknown_price,
                tokens_in=sums.usage.tokens_in,
                tokens_out=sums.usage.tokens_out,
                priced_now=self._book.unit_prices(provider, model) is not None,
            )
            for provider, model, sums in sorted(found, key=lambda each: (-each[2].unknown_price, each[:2]))
        ]

    @needs(Right.MANAGE_ALLOWANCES)
    def of(self, actor: Actor, provider: str, model: str) -> Price:
        """What a model costs, and the history of that."""
        with self._database.read() as unit:
            rows = unit.prices.of(provider, model)
            names = names_of(unit, "person", (row.author_id for row in rows))
        history = tuple(SetPrice(row.at, names[row.author_id], row.prices and _decimals(row.prices)) for row in rows)
        book = self._book
        return Price(provider, model, book.unit_prices(provider, model), book.source(provider, model), history)

    @needs(Right.MANAGE_ALLOWANCES)
    def set(self, actor: Actor, provider: str, model: str, usd_per_million: Mapping[str, Decimal | None]) -> Price:
        """Have a model cost this from the next call on: USD per million tokens by kind, "input" and "output" at least.

        The kinds that are missing cost as much as the plain ones of their side. Raises BadInput that names the kind.
        """
        prices = _checked({kind: usd for kind, usd in usd_per_million.items() if usd is not None})
        if not provider or not model.strip() or "\0" in model:
            raise BadInput("A price needs a provider and a model.", field="Model")
        if self._book.source(provider, model) == "free":
            raise BadInput(f"What {provider} answers costs nothing.", field="Model", hint="It runs in the house.")
        self._put(actor.person_id, (provider, model), {kind: str(usd) for kind, usd in prices.items()})
        return self.of(actor, provider, model)

    @needs(Right.MANAGE_ALLOWANCES)
    def withdraw(self, actor: Actor, provider: str, model: str) -> Price:
        """Go back to the list price, or to none where there is none. Raises NotFound when no price was set."""
        if (provider, model) not in self._in_force.now():
            raise NotFound("There is no price of your own for this model.", hint="It was taken back, perhaps just now.")
        self._put(actor.person_id, (provider, model), None)
        return self.of(actor, provider, model)

    def _put(self, author_id: UUID | None, named: Named, prices: dict[str, str] | None) -> None:
        provider, model = named
        with self._database.write() as unit:
            now, before = self._clock(), next((row.prices for row in unit.prices.of(provider, model)), None)
            row = ModelPrice(id=uuid7(), provider=provider, model=model, prices=prices, at=now)
            row.author_id = author_id or NOBODY
            unit.prices.add(row)
            record(unit, author_id, "price.set", "model", f"{provider}:{model}", now, before=before, after=prices)
        self._in_force.forget()


def _checked(prices: Mapping[str, Decimal]) -> UnitPrices:
    for kind, usd in prices.items():
        if not (usd.is_finite() and 0 <= usd <= HIGHEST_USD and -usd.as_tuple().exponent <= _PLACES):  # type: ignore[operator]
            raise BadInput(
                f"A price is between 0 and {HIGHEST_USD:,} dollars, with at most {_PLACES} places.",
                field=kind.replace("_", " ").capitalize(),
            )
    found = completed(prices)
    if found is None or prices.keys() - found:
        raise BadInput("A price needs a sum for tokens in and one for tokens out, and no other kinds.", field="Input")
    return found


def _decimals(prices: Mapping[str, Any]) -> UnitPrices:
    return {kind: Decimal(usd) for kind, usd in prices.items()}
