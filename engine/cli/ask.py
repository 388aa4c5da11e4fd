"""`ask`: one question to one persona, with the route and the receipt."""

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any

import typer

from engine.cli.opened import As, acting, opened
from engine.cli.output import AsJson, print_json
from engine.coaching.entities import Entity, as_markdown
from engine.generation import Answer
from engine.llm import StreamEvent
from engine.routing.route import Route

ALONE = "What coaching should make did not come in its form; the answer stands alone."


def ask(
    text: Annotated[str, typer.Argument(help="The question.")],
    persona: Annotated[str, typer.Option(help="Who answers, such as maestro or user:ada.")] = "general",
    mode: Annotated[str, typer.Option(help="How the question is answered.")] = "",
    surface: Annotated[str, typer.Option(help="Where the call comes from.")] = "cli",
    model: Annotated[str, typer.Option(metavar="REF|PROFILE", help="Such as openai:gpt-4.1, or fast.")] = "",
    as_: As = "",
    explain: Annotated[bool, typer.Option("--explain", help="Say why this model answered.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask a persona."""
    made: list[Entity | None] = []
    with opened() as studio:
        answer = studio.conversations.ask(
            acting(studio, as_),
            text,
            persona=persona,
            mode=mode,
            surface=surface,
            model=model,
            listener=None if as_json else _print_text,
            made=made.append,
        )
    if as_json:
        print_json(_as_dict(answer, persona) | _entity(made))
        return
    print()
    for entity in made:
        print(f"\n{as_markdown(entity) if entity else ALONE}")
    if explain:
        print(_explained(answer.route))
    print(_receipt(answer))


def _print_text(event: StreamEvent) -> None:
    if event.kind == "text":
        print(event.text, end="", flush=True)


def _as_dict(answer: Answer, persona: str) -> dict[str, Any]:
    route = answer.route
    return {
        "text": answer.text,
        "persona": persona,
        "route": {
            "provider": route.provider,
            "model": route.model,
            "profile": route.profile,
            "key_source": route.key_source,
            "steps": [asdict(step) for step in route.steps],
        },
        "usage": answer.usage.as_dict(),
        "cost_usd": None if answer.cost_usd is None else f"{answer.cost_usd.quantize(Decimal(10) ** -9):f}",
        "latency_ms": answer.latency_ms,
        "first_token_ms": answer.first_token_ms,
    }


def _entity(made: list[Entity | None]) -> dict[str, Any]:
    """What coaching made, null when that came to nothing; a question without coaching has no such field."""
    return {"entity": made[0] and made[0].model_dump(mode="json")} if made else {}


def _explained(route: Route) -> str:
    lines = [f"  {step.label}: {step.proposal or '–'}, {step.outcome} ({step.reason})" for step in route.steps]
    return "\n".join(["Why this model?", *lines])


def _receipt(answer: Answer) -> str:
    cost = "cost unknown" if answer.cost_usd is None else f"${answer.cost_usd:.4f}"
    tokens = f"{answer.usage.tokens_in} + {answer.usage.tokens_out} tokens"
    return f"[{answer.route.ref} · {tokens} · {cost} · {answer.latency_ms / 1000:.1f} s]"
