"""`theatre run`: plays a scene file from its opening to its end."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from engine.cli.opened import As, acting, opened
from engine.cli.output import AsJson, print_json
from engine.errors import BadInput, StudioError
from engine.theatre.scene import Said, Turn
from engine.theatre.stage import Performance

theatre = typer.Typer(help="Personas on stage.", no_args_is_help=True, rich_markup_mode=None)

LARGEST_FILE = 1_000_000
NINE_PLACES = Decimal(10) ** -9
PAUSED_EXIT_CODE = 3


@theatre.callback()
def _theatre() -> None:
    """Personas on stage."""


@theatre.command("run")
def run(
    file: Annotated[Path, typer.Argument(metavar="SCENE.yaml", help="The scene.")],
    turns: Annotated[int | None, typer.Option(help="End it after so many turns.")] = None,
    budget: Annotated[str, typer.Option(metavar="USD", help="End it before it costs more.")] = "",
    seed: Annotated[int | None, typer.Option(help="What chance is drawn from.")] = None,
    as_: As = "",
    as_json: AsJson = False,
) -> None:
    """Play a scene. As a person, it is kept among their scenes."""
    scene = _scene(file, turns=turns, budget=budget, seed=seed)
    with opened() as studio:
        actor = acting(studio, as_)
        scene_id = studio.scenes.create(actor, scene)
        said: list[Turn] = []
        try:
            studio.theatre.play(actor, scene_id, watched=False)
            for turn in studio.theatre.follow(actor, scene_id):
                said.append(turn)
                if not as_json:
                    print(f"{turn.name} ({turn.reason})\n  {turn.text or '…'}\n", flush=True)
            found = studio.theatre.watch(actor, scene_id)
        except BaseException:
            studio.theatre.stop(actor, scene_id)
            raise
        finally:
            if actor.is_operator:
                studio.scenes.delete(actor, scene_id, for_good=True)  # it would stand in nobody's library
    _tell(found, said, as_json=as_json)


def _scene(file: Path, *, turns: int | None, budget: str, seed: int | None) -> dict[str, Any]:
    """The file with the options in the place of what it says. Raises BadInput."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise BadInput(f"{file} is too large for a scene.", field="SCENE.yaml")
        scene = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        first = str(problem).partition("\n")[0]
        raise BadInput(f"{file} cannot be read: {first}", field="SCENE.yaml") from None
    if not isinstance(scene, dict):
        raise BadInput(f"{file} holds no scene.", field="SCENE.yaml", hint="It begins with `title:`.")
    stop = scene.get("stop") or {}
    if isinstance(stop, dict):
        wanted = {"turns": turns, "usd": budget or None}
        stop = stop | {name: value for name, value in wanted.items() if value is not None}
    return scene | {"stop": stop} | ({} if seed is None else {"seed": seed})


def _tell(found: Performance, said: list[Turn], *, as_json: bool) -> None:
    """How it went. A scene that could not be played to its end says why, and leaves with that code."""
    why = found.scene.said or Said("manual", "")
    ended = found.scene.state == "ended" or why.by in ("your_turn", "nobody")
    if not ended and not said:
        raise _problem(why)
    if as_json:
        told = {"turns": [_as_dict(number, turn) for number, turn in enumerate(said, start=1)], "stopped_by": why.by}
        error = {} if ended else {"error": {"code": why.by, "message": why.message, "hint": why.hint}}
        print_json(told | {"cost_usd": _usd(_cost(found, said))} | error)
    else:
        cost = _cost(found, said)
        print(f"[{len(said)} turns · {'cost unknown' if cost is None else f'${cost:.4f}'} · {why.message or why.by}]")
    if not ended:
        raise typer.Exit(PAUSED_EXIT_CODE)


def _problem(why: Said) -> StudioError:
    """What stood in the way of the first turn, with the exit code of its kind."""
    kinds = _kinds(StudioError)
    problem = StudioError(why.message, hint=why.hint)
    problem.code, problem.exit_code = why.by, kinds.get(why.by, PAUSED_EXIT_CODE)
    return problem


def _kinds(kind: type[StudioError]) -> dict[str, int]:
    """Exit codes by error code."""
    found = {kind.code: kind.exit_code}
    for child in kind.__subclasses__():
        found |= _kinds(child)
    return found


def _as_dict(number: int, turn: Turn) -> dict[str, Any]:
    return {
        "n": number,
        "speaker": turn.speaker,
        "reason": turn.reason,
        "model": turn.model,
        "text": turn.text,
        "cost_usd": _usd(turn.cost_usd),
    }


def _cost(found: Performance, said: list[Turn]) -> Decimal | None:
    """What the scene cost by the books; None when nobody knows the price of a turn."""
    return None if any(turn.cost_usd is None for turn in said) else found.spent_usd


def _usd(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.quantize(NINE_PLACES):f}"
