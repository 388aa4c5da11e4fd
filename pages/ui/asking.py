"""What it costs to press a button that asks a model, and what an answer has cost."""

from decimal import Decimal

from engine.generation import Answer
from engine.routing.route import Route
from pages.ui import formats
from pages.ui.context import current_actor, get_studio


def uses(route: Route) -> str:
    """What a press of the button takes from those who have only a few tries."""
    tries = [each for each in get_studio().usage.allowance(current_actor()) if each.meter == "samples"]
    if route.tier != 1 or not tries or tries[0].used >= (tries[0].limit or 0):
        return ""
    return f" (uses 1 of {tries[0].limit})"


def cost_before(route: Route, cost: Decimal | None) -> str:
    """Who would answer, and what that costs at the most."""
    who = formats.plain(route.model)
    if route.free:
        return f"{who} is free, and it says silly things" if route.provider == "local" else f"{who} is free"
    return f"{who} · costs at most {formats.money(cost)}"


def receipt(answer: Answer) -> list[str]:
    """What an answer took: time to the first word and in all, tokens, money."""
    first = answer.first_token_ms
    return [
        *([f"{formats.seconds(first)} to first word"] if first is not None else []),
        formats.seconds(answer.latency_ms),
        f"{answer.usage.tokens_in:,} + {answer.usage.tokens_out:,} tokens",
        formats.money(answer.cost_usd),
    ]
