"""What comparing and rehearsing share: who would answer, what it is likely to cost, and asking without losing patience.

Both make many calls at one press of a button. So they say beforehand what that costs, they never spend the samples of
somebody whose address is not confirmed, and the brakes of a plan make them wait instead of giving up.
"""

from collections.abc import Iterable
from decimal import Decimal

from engine.accounts.actor import Actor, Standing
from engine.errors import LimitExceeded, Stopped, TierTooLow
from engine.generation import Answer, CallContext, Generation, Listener
from engine.llm import CallControl, LLMRequest
from engine.routing.route import Route
from engine.routing.router import Router
from engine.usage.prices import NANO, PriceBook

BRAKES = ("calls", "concurrent")
PAUSE_S = 1.0
"""How long to wait before a braked call is tried again."""


def route_for(
    router: Router,
    actor: Actor,
    surface: str,
    picked: str = "",
    *,
    structured: bool = False,
    preferred_profile: str = "",
) -> Route:
    """Who would answer. Raises what `Router.resolve` raises, and TierTooLow where it would take a sample."""
    route = router.resolve(
        actor, surface=surface, model=picked, structured=structured, preferred_profile=preferred_profile
    ).route
    if route.tier < Standing.VERIFIED and not route.free:
        raise TierTooLow(
            "Your free tries are kept for the preview.",
            hint="Confirm your e-mail address, add a key of your own, or choose the built-in model.",
        )
    return route


def takes_nothing(actor: Actor, route: Route) -> bool:
    """Whether a call is not to count as a request: a free one of somebody who has only samples."""
    return route.free and actor.standing < Standing.VERIFIED


def likely_cost(prices: PriceBook, route: Route, request: LLMRequest, tokens_out: int) -> Decimal | None:
    """About what an answer costs, in USD; None when nobody knows the price."""
    nano = prices.estimate(route.provider, route.model, request.estimated_input_tokens, tokens_out)
    return None if nano is None else Decimal(nano) / NANO


def together(costs: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; None when one of them is not known."""
    total = Decimal()
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


def ask(
    generation: Generation,
    actor: Actor,
    request: LLMRequest,
    context: CallContext,
    control: CallControl,
    *,
    deadline_s: float,
    listener: Listener | None = None,
) -> Answer:
    """Ask once, with a deadline of its own; wait while the plan's brakes hold. Raises what `generate` raises."""
    while True:
        own = CallControl(deadline_s)
        control.on_stop(own.stop)
        try:
            return generation.generate(actor, request, context, listener=listener, control=own)
        except LimitExceeded as full:
            if full.meter not in BRAKES:
                raise
        control.pause(PAUSE_S)
        if control.stopped:
            raise Stopped("The answer was stopped before it was asked for.", hint="Nothing was charged.")
