"""What a play may cost, before anybody presses Play. Talks to nobody."""

from dataclasses import dataclass
from decimal import Decimal

from engine.accounts.actor import Actor
from engine.errors import StudioError
from engine.llm import estimate_tokens
from engine.theatre.backstage import SURFACE, Backstage
from engine.theatre.prompt import system_of
from engine.theatre.scene import Member, Said, SceneSpec
from engine.theatre.speaking import HISTORY_OF_FREE_TOKENS, HISTORY_TOKENS
from engine.theatre.turn_taking.director import PICK_TOKENS
from engine.usage.prices import PriceBook

SHORT_TURN_TOKENS = 60
USUAL_TURNS = 12
_LONGEST_MARK = "0" * 8
_MILLION = 10**6


@dataclass(frozen=True, slots=True)
class Estimate:
    """From short turns to turns of full length, in USD, for so many turns; None when a price is unknown.

    `problem` says why the scene could not be played as it is now; then there is nothing to estimate.
    """

    turns: int
    low_usd: Decimal | None
    high_usd: Decimal | None
    problem: Said | None = None

    @property
    def free(self) -> bool:
        """Whether nothing in it costs anything."""
        return self.high_usd == 0


def estimate(actor: Actor, spec: SceneSpec, back: Backstage, prices: PriceBook) -> Estimate:
    """Each member takes an equal share of the turns."""
    turns = spec.stop.turns or USUAL_TURNS
    lengths = sorted((min(SHORT_TURN_TOKENS, spec.turn_tokens), spec.turn_tokens))
    try:
        low, high = (_Play(actor, spec, back, prices, length).cost() for length in lengths)
    except StudioError as problem:
        return Estimate(turns, None, None, Said(problem.code, problem.message, problem.hint))
    return Estimate(turns, low, high)


@dataclass(frozen=True, slots=True)
class _Play:
    """A play whose turns all have `length` tokens."""

    actor: Actor
    spec: SceneSpec
    back: Backstage
    prices: PriceBook
    length: int

    def cost(self) -> Decimal | None:
        """What it costs, at most its budget."""
        turns = self.spec.stop.turns or USUAL_TURNS
        speakers = [member for member in self.spec.cast if not member.mute]
        each = [self._of_member(member, turns) for member in speakers]
        director = self._of_director(turns) if self.spec.strategy == "director" else Decimal()
        known = [cost for cost in each if cost is not None]
        if len(known) < len(each) or director is None:
            return None
        whole = turns * (sum(known, Decimal()) / (len(known) or 1) + director)
        return whole if self.spec.stop.usd is None else min(whole, self.spec.stop.usd)

    def _of_member(self, member: Member, turns: int) -> Decimal | None:
        """A turn in the middle of the play."""
        card = self.back.personas.get(self.actor, member.persona).spec
        own = estimate_tokens(system_of(member, card, self.spec, _LONGEST_MARK))
        return self._call(member.model, own, turns, self.length, card.preferred_profile)

    def _of_director(self, turns: int) -> Decimal | None:
        own = estimate_tokens(self.spec.premise) + 30 * len(self.spec.cast) + 60
        return self._call(self.spec.director_model, own, turns, PICK_TOKENS // 2)

    def _call(self, model: str, own: int, turns: int, answer: int, preferred_profile: str = "") -> Decimal | None:
        route = self.back.router.resolve(
            self.actor, surface=SURFACE, model=model, preferred_profile=preferred_profile
        ).route
        per_million = self.prices.per_million(route.provider, route.model)
        if per_million is None:
            return None
        heard = min(self.length * turns // 2, HISTORY_OF_FREE_TOKENS if route.free else HISTORY_TOKENS)
        price_in, price_out = per_million
        return (price_in * (own + heard) + price_out * answer) / _MILLION
