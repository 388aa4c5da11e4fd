"""`personas rehearse`: asks the checks of a persona of its versions on the models named, and says what came of them."""

from decimal import Decimal
from typing import Annotated, Any

import typer

from engine.accounts.actor import Actor
from engine.authoring.rehearsal.matrix import Matrix
from engine.authoring.rehearsal.rehearsal import Wish
from engine.cli.opened import As, acting, opened
from engine.cli.output import AsJson, print_json
from engine.personas.versions import DRAFT
from engine.studio import Studio


def rehearse(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The persona, such as maestro or user:ada.")],
    version: Annotated[
        list[int] | None, typer.Option(help="A version; several times for several. The current one, when left out.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(metavar="REF|PROFILE", help="A model; several times for several.")
    ] = None,
    judge: Annotated[str, typer.Option(metavar="REF|PROFILE", help="Who judges what no rule can.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Ask again what has its verdict already.")] = False,
    as_: As = "",
    as_json: AsJson = False,
) -> None:
    """Rehearse a persona: its samples and trick questions about its limits, judged by rule or by a model."""
    with opened() as studio:
        actor = acting(studio, as_)
        history = studio.versions.all(actor, key)
        wish = Wish(tuple(version or [history.current]), tuple(model or [""]), judge, again=again)
        estimate = studio.rehearsal.estimate(actor, key, wish)
        if estimate.calls:
            if not as_json:
                cost = "unknown" if estimate.cost_usd is None else f"about ${estimate.cost_usd:.4f}"
                print(f"{estimate.calls} calls, cost {cost}.", flush=True)
            studio.rehearsal.start(actor, key, wish)
            _to_the_end(studio, actor, key)
        found = _found(studio, actor, key, wish.versions, estimate.models)
    if as_json:
        print_json(found)
        return
    for row in found["results"]:
        print(f"{_name(row['version'])}  {row['model']}  {row['state']:9}  {row['check']}")
    for rate in found["rates"]:
        print(f"{_name(rate['version'])} on {rate['model']}: {rate['passed']} of {rate['total']} passed.")


def _to_the_end(studio: Studio, actor: Actor, key: str) -> None:
    """Wait for the run; whatever ends it early is raised, and what has its verdict is kept."""
    run = studio.rehearsal.run(actor, key)
    if run is None:
        return
    try:
        for _ in run.follow():
            continue
    except BaseException:
        studio.rehearsal.stop(actor, key)
        raise
    if run.error is not None:
        raise run.error


def _found(
    studio: Studio, actor: Actor, key: str, versions: tuple[int, ...], models: tuple[str, ...]
) -> dict[str, Any]:
    matrix, progress = studio.rehearsal.matrix(actor, key), studio.rehearsal.progress(actor, key)
    cells = [(each, model) for each in versions if each in matrix.sets for model in models]
    return {
        "persona": key,
        "calls": progress.calls if progress else 0,
        "cost_usd": f"{progress.cost_usd if progress else Decimal():.9f}",
        "results": [row for cell in cells for row in _rows(studio, actor, key, matrix, *cell)],
        "rates": [
            {
                "version": each,
                "model": model,
                "passed": matrix.count(each, model, "passed"),
                "total": len(matrix.sets[each]),
            }
            for each, model in cells
        ],
        "lost": [
            {"version": lost.version, "model": lost.model, "check": lost.check.title, "passed_in": lost.earlier}
            for lost in matrix.lost()
            if (lost.version, lost.model) in cells
        ],
    }


def _rows(studio: Studio, actor: Actor, key: str, matrix: Matrix, version: int, model: str) -> list[dict[str, Any]]:
    said = {answer.check.key: answer for answer in studio.rehearsal.answers(actor, key, version, model)}
    return [
        {
            "version": version,
            "model": model,
            "check": check.title,
            "kind": check.kind,
            "state": matrix.state(version, model, check.key),
            "question": check.question,
            "answer": said[check.key].answer if check.key in said else "",
            "judged_by": said[check.key].judged_by if check.key in said else "",
            "reason": said[check.key].reason if check.key in said else "",
        }
        for check in matrix.sets[version]
    ]


def _name(version: int) -> str:
    return "draft" if version == DRAFT else f"version {version}"
