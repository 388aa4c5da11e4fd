"""`personas …`: whom one may use, and personas as card files. Commands of other modules join in `engine.cli`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.opened import As, acting, opened
from engine.cli.output import AsJson, print_json
from engine.errors import BadInput
from engine.personas.cards import FORMATS, ending_of
from engine.personas.cards.limits import FILE_BYTES, MIB
from engine.personas.cards.report import Report
from engine.personas.catalogue import PersonaCard, PersonaView

personas = typer.Typer(help="Personas.", no_args_is_help=True, rich_markup_mode=None)

Key = Annotated[str, typer.Argument(metavar="KEY", help="Such as maestro, user:ada or team:rosa/ada.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help=f"A card: {', '.join(FORMATS)}.")]
EVERYBODY = 100_000


@personas.callback()
def _personas() -> None:
    """Personas."""


@personas.command("list")
def show_all(
    search: Annotated[str, typer.Option(help="Words in name, role, tags, department or handle.")] = "",
    as_: As = "",
    as_json: AsJson = False,
) -> None:
    """List whom one may use."""
    with opened() as studio:
        found = studio.personas.catalogue(acting(studio, as_), search=search, most=EVERYBODY)
    cards = [*found.own, *found.team, *found.builtin]
    if as_json:
        print_json({"personas": [_listed(card) for card in cards]})
        return
    for card in cards:
        print("  ".join(filter(None, [card.key, card.name, card.role])))


@personas.command("show")
def show(key: Key, as_: As = "", as_json: AsJson = False) -> None:
    """Show a persona, with its prompt where that is open."""
    with opened() as studio:
        view = studio.personas.view(acting(studio, as_), key)
    if as_json:
        print_json(_as_dict(view))
        return
    print(f"{view.name}, {view.role}".rstrip(", "), f"({view.key}, version {view.version}, {view.visibility})")
    if view.spec is None:
        print("Its prompt is closed to you: its owner can open it.")
        return
    fields = view.spec.model_dump(mode="json", exclude_defaults=True, exclude={"name", "role", "card_data"})
    for name, value in fields.items():
        print(f"{name}: {_in_words(value)}")


@personas.command("import")
def bring_in(file: File, as_: As = "", as_json: AsJson = False) -> None:
    """Read a card and publish it as a persona of one's own, for nobody else."""
    data = _read(file)
    with opened() as studio:
        actor = acting(studio, as_)
        draft, report = studio.cards.import_as_draft(actor, file.name, data)
        try:
            key = studio.drafts.publish(actor, draft.id, note=f"Imported from {file.name}"[:200])
        except BadInput:
            studio.drafts.discard(actor, draft.id)
            raise
    if as_json:
        print_json({"key": key, "report": report.as_dict()})
        return
    print(f"{draft.spec.name} is published as {key}, for nobody else.")
    _print_report(report)


@personas.command("export")
def give_out(key: Key, file: File, as_: As = "", as_json: AsJson = False) -> None:
    """Write a persona to a card. The ending of FILE says which format."""
    ending = ending_of(file.name)
    if not ending:
        hint = f"End it with one of {', '.join(FORMATS)}."
        raise BadInput(f"The ending of {file.name} names no card format.", field="FILE", hint=hint)
    with opened() as studio:
        exported = studio.cards.export(acting(studio, as_), key, ending)
    try:
        file.write_bytes(exported.data)
    except OSError as problem:
        raise BadInput(f"{file} cannot be written: {problem.strerror}.", field="FILE") from None
    if as_json:
        print_json({"file": str(file), "bytes": len(exported.data), "report": exported.report.as_dict()})
        return
    print(f"{key} was written to {file}.")
    _print_report(exported.report)


def _read(file: Path) -> bytes:
    """The bytes of a file, and no more of them than a card may have."""
    try:
        if file.stat().st_size > FILE_BYTES:
            said = f"{file.name} has {file.stat().st_size / MIB:.1f} MiB; at most {FILE_BYTES // MIB} MiB fit."
            raise BadInput(said, field="FILE", hint="Nothing was imported.")
        return file.read_bytes()
    except OSError as problem:
        raise BadInput(f"{file} cannot be read: {problem.strerror}.", field="FILE") from None


def _print_report(report: Report) -> None:
    print("Nothing was left out." if report.lossless else "Not everything came along:")
    for line in report.dropped:
        print(f"  left out  {line}")
    for line in report.kept:
        print(f"  kept      {line}")


def _listed(card: PersonaCard) -> dict[str, Any]:
    wanted = ("key", "source", "name", "role", "modality", "tags", "version", "visibility", "owner", "department")
    return {name: value for name, value in asdict(card).items() if name in wanted}


def _as_dict(view: PersonaView) -> dict[str, Any]:
    left_out = {"accent", "spec", "avatar"}
    about = {name: value for name, value in asdict(view).items() if name not in left_out}
    spec = None if view.spec is None else view.spec.model_dump(mode="json", exclude={"card_data"})
    about["sample_interactions"] = [pair.model_dump() for pair in view.sample_interactions]
    return about | {"avatar": view.avatar, "updated_at": view.updated_at.isoformat(), "spec": spec}


def _in_words(value: Any) -> str:
    if isinstance(value, list):
        return "".join(f"\n  - {_in_words(item)}" for item in value)
    return " / ".join(map(str, value.values())) if isinstance(value, dict) else str(value)
