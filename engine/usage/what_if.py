"""What a period would have cost on other models: its stored token counts at other prices. Changes nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal

from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput
from engine.llm.refs import ModelRef
from engine.llm.usage import Usage
from engine.usage.dashboard import billing_today
from engine.usage.naming import names_of
from engine.usage.prices import NANO, PriceBook
from engine.usage.sums import Sums
from engine.usage.view import Span, View

MOST_MOVES = 12
_CELL = ("surface", "provider", "model", "persona")
_HOUSE = ("env", "system")


@dataclass(frozen=True, slots=True)
class Move:
    """Calls of a surface (empty: of all) that `model` answered go to another one: this share of them, in per cent."""

    surface: str
    model: ModelRef
    to: ModelRef
    share: int = 100


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of one move: the calls that it takes, and of them about how many do not fit the new model's context
    (None: nobody knows how long that is), what they cost and what they would have cost."""

    move: Move
    calls: int
    too_long: int | None
    was_usd: Decimal
    would_be_usd: Decimal


@dataclass(frozen=True, slots=True)
class Answer:
    """What the house paid in the period, and what it would have paid. `by_persona` has both by name, dearest first.

    `unknown_price` of the moved calls have no cost to compare with: they count as nothing before the move.
    """

    was_usd: Decimal
    would_be_usd: Decimal
    moved: tuple[Moved, ...]
    by_persona: tuple[tuple[str, Decimal, Decimal], ...]
    unknown_price: int
    days: int

    @property
    def saved_usd(self) -> Decimal:
        """How much less it would have been."""
        return self.was_usd - self.would_be_usd

    @property
    def year_usd(self) -> Decimal:
        """The same use for a whole year, on the new models."""
        return self.would_be_usd * 365 / self.days

    @property
    def year_saved_usd(self) -> Decimal:
        """How much less that would be."""
        return self.saved_usd * 365 / self.days

    @property
    def too_long(self) -> int | None:
        """How many calls would not fit; None when that cannot be said of one of the models."""
        counts = [each.too_long for each in self.moved if each.calls]
        return None if None in counts else sum(count for count in counts if count is not None)


@dataclass(slots=True)
class _Cell:
    """The calls of one surface, model and persona. `left` is the share that was not moved yet, from 1 to 0."""

    surface: str
    ref: ModelRef
    persona: str
    sums: Sums
    left: Decimal = Decimal(1)
    moved_usd: Decimal = Decimal()

    @property
    def would_be_usd(self) -> Decimal:
        return self.sums.cost_usd * self.left + self.moved_usd


class WhatIf:
    """Reprices. `context_of` says how many tokens a model takes, prompt and answer together (None: unknown)."""

    def __init__(
        self,
        database: Database,
        prices: PriceBook,
        context_of: Callable[[str, str], int | None],
        *,
        clock: Callable[[], datetime],
        billing_zone: tzinfo,
    ) -> None:
        self._database = database
        self._prices = prices
        self._context_of = context_of
        self._clock = clock
        self._zone = billing_zone

    @needs(Right.SEE_HOUSE_USAGE)
    def models(self, actor: Actor, view: View) -> dict[str, list[ModelRef]]:
        """What answered on the house's keys, by surface; under the empty name everything. The most used come first."""
        with self._database.read() as unit:
            cells = _cells(unit, self._house(view), self._span(unit, view))
        found: dict[str, dict[ModelRef, int]] = {"": {}}
        for cell in cells:
            for surface in ("", cell.surface):
                calls = found.setdefault(surface, {})
                calls[cell.ref] = calls.get(cell.ref, 0) + cell.sums.calls
        return {surface: sorted(calls, key=lambda ref: (-calls[ref], str(ref))) for surface, calls in found.items()}

    @needs(Right.SEE_HOUSE_USAGE)
    def reprice(self, actor: Actor, view: View, moves: Sequence[Move]) -> Answer:
        """The period of a view on other models. The moves are made in order; what one has moved no other moves again.

        Calls on people's own keys are left out. Tokens are those that were counted by the old model, cached ones at the
        cache prices of the new one, prompts priced as short ones. Raises BadInput for a share that is not between 1 and
        100, for too many moves, and for a model without a price.
        """
        if len(moves) > MOST_MOVES:
            raise BadInput(f"At most {MOST_MOVES} moves can be reckoned together.", field="Moves")
        for move in moves:
            self._check(move)
        with self._database.read() as unit:
            span, house = self._span(unit, view), self._house(view)
            cells = _cells(unit, house, span)
            moved, unknown = [], 0
            for move in moves:
                taken = [cell for cell in cells if cell.ref == move.model and move.surface in ("", cell.surface)]
                before = {id(cell): cell.left for cell in taken}
                moved.append(self._made(unit, move, taken, house, span))
                unknown += sum(round(cell.sums.unknown_price * (before[id(cell)] - cell.left)) for cell in taken)
            names = names_of(unit, "persona", {cell.persona for cell in cells})
        by_persona = _by_persona((names[cell.persona], cell) for cell in cells)
        return Answer(
            was_usd=sum((cell.sums.cost_usd for cell in cells), start=Decimal()),
            would_be_usd=_to_the_nano(sum((cell.would_be_usd for cell in cells), start=Decimal())),
            moved=tuple(moved),
            by_persona=by_persona,
            unknown_price=unknown,
            days=len(span.days),
        )

    def _check(self, move: Move) -> None:
        if not 1 <= move.share <= 100:
            raise BadInput("A share is between 1 and 100 per cent.", field="Share")
        if self._prices.unit_prices(move.to.provider, move.to.model) is None:
            raise BadInput(
                f"Nobody knows what {move.to.model} costs.", field="Move to", hint="Set its price on the usage page."
            )

    def _made(self, unit: Unit, move: Move, taken: list[_Cell], house: View, span: Span) -> Moved:
        """Make one move, and tell what came of it."""
        calls = was = would_be = Decimal()
        parts: dict[str, Decimal] = {}
        for cell in taken:
            part = parts[cell.surface] = cell.left * move.share / 100
            usd = self._cost(move.to, cell.sums.usage) * part
            calls += cell.sums.calls * part
            was += cell.sums.cost_usd * part
            would_be += usd
            cell.moved_usd += usd
            cell.left -= part
        window = self._context_of(move.to.provider, move.to.model)
        too_long = None if window is None else _too_long(unit, move.model, parts, house, span, window)
        return Moved(move, round(calls), too_long, _to_the_nano(was), _to_the_nano(would_be))

    def _cost(self, ref: ModelRef, usage: Usage) -> Decimal:
        """The tokens of many calls, as of short prompts: prices that depend on the prompt's size are not for sums."""
        prices = self._prices.unit_prices(ref.provider, ref.model) or {}
        counts = usage.as_dict()
        return sum((price * counts[kind] for kind, price in prices.items()), start=Decimal()) / 10**6

    def _house(self, view: View) -> View:
        return replace(view.with_only("key_source", _HOUSE), picked="")

    def _span(self, unit: Unit, view: View) -> Span:
        return view.span(billing_today(unit, self._clock(), self._zone))


def _too_long(unit: Unit, ref: ModelRef, parts: Mapping[str, Decimal], house: View, span: Span, window: int) -> int:
    """How many of the moved calls are too long: of each surface the part that is moved, as nobody knows which."""
    only = house.with_only("model", [ref.model]).with_only("provider", [ref.provider])
    found = (
        unit.usage.count_longer(only.with_only("surface", [surface]).filter(span), window) * part
        for surface, part in parts.items()
    )
    return round(sum(found, start=Decimal()))


def _cells(unit: Unit, house: View, span: Span) -> list[_Cell]:
    rows = unit.usage.sums(_CELL, house.filter(span))
    return [_Cell(row.surface, ModelRef(row.provider, row.model), row.persona, Sums.of(row)) for row in rows]


def _by_persona(found: Iterable[tuple[str, _Cell]]) -> tuple[tuple[str, Decimal, Decimal], ...]:
    was: dict[str, Decimal] = {}
    would_be: dict[str, Decimal] = {}
    for name, cell in found:
        was[name] = was.get(name, Decimal()) + cell.sums.cost_usd
        would_be[name] = would_be.get(name, Decimal()) + cell.would_be_usd
    rows = ((name, usd, _to_the_nano(would_be[name])) for name, usd in was.items())
    return tuple(sorted(rows, key=lambda row: (-row[1], -row[2], row[0])))


def _to_the_nano(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal(1) / NANO)
