"""What tokens cost: our own table first, then the offline data of genai-prices. An unknown price is None, never 0."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from engine.errors import ConfigError
from engine.llm.tokens import Measure, as_estimated
from engine.llm.usage import Usage

NANO = 10**9
_MILLION = 10**6
_OUR_PRICES = Path(__file__).with_name("prices.yaml")
_INPUT_KINDS = ("input", "cache_read", "cache_write")
_OUTPUT_KINDS = ("output", "reasoning")
_CACHED = ("cache_read", "cache_write")

UnitPrices = dict[str, Decimal]
"""USD per million tokens for each of the five kinds."""

Named = tuple[str, str]
"""A provider and the name of its model."""

PricesByModel = Mapping[Named, UnitPrices]

Source = Literal["free", "admins", "file", "list"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call cost: exact in USD, rounded half-even to nano-USD, with the unit prices it was reckoned at.

    `saved_nano` is what the prompt cache took off: the same prompt at the price of plain input, less what it cost.
    """

    usd: Decimal
    nano: int
    unit_prices: dict[str, str]
    saved_nano: int = 0


class PriceBook:
    """Prices by provider and model. `file` has the form of `prices.yaml`; raises ConfigError when it has not.

    `set_by_admins` are the prices in force that administrators set; they win over the file, which wins over the data of
    genai-prices. `measure` puts our estimate of a prompt right for a model.
    """

    def __init__(
        self,
        file: Path = _OUR_PRICES,
        set_by_admins: Callable[[], PricesByModel] = dict,
        *,
        measure: Measure = as_estimated,
    ) -> None:
        self._free, self._ours = _read(file)
        self._set_by_admins = set_by_admins
        self.tokens = measure

    def cost(self, provider: str, model: str, usage: Usage) -> Cost | None:
        """What this usage costs; None when nobody knows the price."""
        prices = self._prices(provider, model, usage.tokens_in)
        if prices is None:
            return None
        counts = usage.as_dict()
        usd = sum((price * counts[kind] for kind, price in prices.items()), Decimal()) / _MILLION
        saved = sum(((prices["input"] - prices[kind]) * counts[kind] for kind in _CACHED), Decimal()) / _MILLION
        return Cost(usd, _nano(usd), {kind: str(price) for kind, price in prices.items()}, _nano(saved))

    def hold(self, provider: str, model: str, most_input_tokens: int, max_output_tokens: int) -> int | None:
        """The most that such a call can cost, in nano-USD rounded up; None when nobody knows the price."""
        prices = self._prices(provider, model, most_input_tokens)
        if prices is None:
            return None
        dearest_in = max(prices[kind] for kind in _INPUT_KINDS)
        dearest_out = max(prices[kind] for kind in _OUTPUT_KINDS)
        usd = (dearest_in * most_input_tokens + dearest_out * max_output_tokens) / _MILLION
        return int((usd * NANO).to_integral_value(ROUND_CEILING))

    def estimate(self, provider: str, model: str, estimated_tokens: int, tokens_out: int) -> int | None:
        """About the most that so many estimated tokens cost, in nano-USD; None when nobody knows the price.

        To be shown: what a call holds is `hold` of the most tokens that its prompt can have.
        """
        return self.hold(provider, model, self.tokens(provider, model, estimated_tokens), tokens_out)

    def per_million(self, provider: str, model: str) -> tuple[Decimal, Decimal] | None:
        """USD for a million tokens in and out, for a short prompt; None when nobody knows."""
        prices = self._prices(provider, model, 1)
        return None if prices is None else (prices["input"], prices["output"])

    def source(self, provider: str, model: str) -> Source | None:
        """Where the price of a model comes from; None when nobody knows it."""
        if provider in self._free:
            return "free"
        if (provider, model) in self._set_by_admins():
            return "admins"
        if (provider, model) in self._ours:
            return "file"
        return "list" if self._prices(provider, model, 1) else None

    def unit_prices(self, provider: str, model: str) -> UnitPrices | None:
        """USD per million tokens of each kind, for a short prompt; None when nobody knows."""
        return self._prices(provider, model, 1)

    def _prices(self, provider: str, model: str, tokens_in: int) -> UnitPrices | None:
        if provider in self._free:
            return dict.fromkeys((*_INPUT_KINDS, *_OUTPUT_KINDS), Decimal())
        if found := self._set_by_admins().get((provider, model)) or self._ours.get((provider, model)):
            return found
        tiers = _vendor_prices(provider, model.removeprefix("models/"), datetime.now(UTC).date())
        return None if tiers is None else {kind: _at(price, tokens_in) for kind, price in tiers.items()}


@lru_cache(maxsize=512)
def _vendor_prices(provider: str, model: str, day: date) -> dict[str, Any] | None:
    """Prices by kind, each a Decimal or tiers by the size of the prompt. The day is a key because prices change."""
    from genai_prices import Usage as PricedUsage
    from genai_prices import calc_price

    try:
        price = calc_price(PricedUsage(input_tokens=1, output_tokens=1), model, provider_id=provider).model_price
    except LookupError:
        return None
    named = {kind: getattr(price, f"{kind}_mtok") for kind in ("input", "cache_read", "cache_write", "output")}
    return completed(named | {"reasoning": price.output_reasoning_mtok})


def completed(prices: Mapping[str, Any]) -> dict[str, Any] | None:
    """All five kinds, those without a price of their own at that of their side; None without a price for a side."""
    known = {kind: price for kind, price in prices.items() if price is not None}
    if "input" not in known or "output" not in known:
        return None
    sides = {"input": _INPUT_KINDS, "output": _OUTPUT_KINDS}
    return {kind: known.get(kind, known[side]) for side, kinds in sides.items() for kind in kinds}


def _nano(usd: Decimal) -> int:
    return int((usd * NANO).to_integral_value(ROUND_HALF_EVEN))


def _at(price: Any, tokens_in: int) -> Decimal:
    """The price for a prompt of this size: tiers reprice the whole call above their start."""
    if isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if tokens_in > tier.start]
    found: Decimal = reached[-1] if reached else price.base
    return found


def _read(file: Path) -> tuple[frozenset[str], dict[tuple[str, str], UnitPrices]]:
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
        ours = {}
        for provider, models in content["models"].items():
            for model, prices in models.items():
                found = completed({kind: Decimal(str(price)) for kind, price in prices.items()})
                if found is None or any(price < 0 for price in found.values()):
                    raise ConfigError(f"The price of {provider}:{model} in {file.name} is incomplete or negative.")
                ours[provider, model] = found
        return frozenset(content["free"]), ours
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, InvalidOperation):
        raise ConfigError(f"The price list {file} cannot be read.", hint="Compare it with prices.yaml.") from None
