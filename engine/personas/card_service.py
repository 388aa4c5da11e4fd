"""Personas as card files: brought in as drafts, given out in any format, with a report of what came along."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slugify import slugify

from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput
from engine.personas.cards import FORMATS, Card, read
from engine.personas.cards.archive import archive_of
from engine.personas.cards.card import Foreign, Found, Picture
from engine.personas.cards.icon import avatar_of
from engine.personas.cards.report import Report
from engine.personas.drafts import Draft, Drafts
from engine.personas.pictures import keep
from engine.personas.rights import find, must_read, spec_of, writer_of
from engine.personas.spec import PersonaSpec, Visibility

MOST_AT_ONCE = 100
CARD_DATA = "application/zip"
_PRIVATE: dict[str, Any] = {"visibility": Visibility.PRIVATE, "prompt_open": False}


@dataclass(frozen=True, slots=True)
class Imported:
    """What is in a card file. Nothing is kept yet; the words are of whoever wrote the file.

    `display` is its picture, small, as WebP; empty without one. `note` is what its maker says about it.
    """

    spec: PersonaSpec
    display: bytes
    report: Report
    note: str


@dataclass(frozen=True, slots=True)
class Exported:
    """A file to hand out."""

    filename: str
    media_type: str
    data: bytes
    report: Report


class Cards:
    """Brings personas in from card files and gives them out."""

    def __init__(self, database: Database, drafts: Drafts, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._drafts = drafts
        self._clock = clock

    @needs(Right.WRITE_PERSONAS)
    def read(self, actor: Actor, filename: str, data: bytes) -> Imported:
        """What is in a file. Raises BadInput when it is no card, too large, damaged or suspicious."""
        found, display = looked_into(filename, data)
        return Imported(found.spec, display, found.report, found.note)

    @needs(Right.WRITE_PERSONAS)
    def import_as_draft(self, actor: Actor, filename: str, data: bytes) -> tuple[Draft, Report]:
        """The persona of a file as a draft of the actor, for nobody else until they publish and share it.

        Raises BadInput as `read` does, and when the actor has too many pictures and cards.
        """
        me, now = writer_of(actor), self._clock()
        found, display = looked_into(filename, data)
        with self._database.write() as unit:
            if found.picture is not None:
                picture = found.picture
                keep(unit, me, "picture", picture.data, picture.media_type, display=display, now=now)
            if found.foreign is not None:
                keep(unit, me, "card", found.foreign.packed(), CARD_DATA, display=None, now=now)
        draft = self._drafts.open(actor)
        content = found.spec.model_copy(update=_PRIVATE).model_dump(mode="json")
        return self._drafts.save(actor, draft.id, content), found.report

    @needs(Right.USE)
    def export(self, actor: Actor, key: str, ending: str) -> Exported:
        """A persona as a file in the format of this ending, such as `.png`.

        Raises NotFound, Forbidden when its prompt is closed to the actor, and BadInput for an unknown ending.
        """
        known = FORMATS.get(ending)
        if known is None:
            said = ", ".join(FORMATS)
            raise BadInput(f"There is no card format {ending!r}.", field="Format", hint=f"Choose one of {said}.")
        with self._database.read() as unit:
            card = _card_of(unit, actor, key)
        written = known.write(card)
        return Exported(f"{card.slug}{ending}", known.media_type, written.data, written.report)

    @needs(Right.USE)
    def export_many(self, actor: Actor, keys: Collection[str], ending: str) -> Exported:
        """Several personas as one archive. Raises as `export` does, for whichever key it is, and for too many."""
        if not keys or len(keys) > MOST_AT_ONCE:
            raise BadInput(
                f"{len(keys):,} personas were chosen.", field="Personas", hint=f"Export 1 to {MOST_AT_ONCE} at once."
            )
        files: dict[str, bytes] = {}
        kept: list[str] = []
        dropped: list[str] = []
        for key in dict.fromkeys(keys):
            one = self.export(actor, key, ending)
            name, number = one.filename, 2
            while name in files:
                name, number = f"{one.filename.removesuffix(ending)}-{number}{ending}", number + 1
            files[name] = one.data
            kept += [] if one.report.dropped else [f"{name}: everything"]
            dropped += [f"{name}: {line}" for line in one.report.dropped]
        return Exported("personas.zip", CARD_DATA, archive_of(files), Report(tuple(kept), tuple(dropped)))


def looked_into(filename: str, data: bytes) -> tuple[Found, bytes]:
    """What is in a file, with its picture made small, which shows that it can be decoded; without it when not."""
    from engine.personas.pictures.drawing import display_of

    found = read(filename, data)
    if found.picture is None:
        return found, b""
    try:
        return found, display_of(found.picture.data)
    except BadInput as problem:
        spec = found.spec.model_copy(update={"avatar": avatar_of(found.spec, None)})
        report = Report(found.report.kept, (*found.report.dropped, f"Picture: {problem.message}"))
        return Found(spec, None, found.foreign, report, found.note), b""


def _card_of(unit: Unit, actor: Actor, key: str) -> Card:
    """A persona with what belongs to it, for those who may see its prompt."""
    found = find(unit, actor, key)
    must_read(found)
    row, spec = found.row, spec_of(found.row.content)
    picture, foreign = (
        unit.attachments.data(name.partition(":")[2]) if name.startswith(kind) else None
        for name, kind in ((spec.avatar, "picture:"), (spec.card_data, "card:"))
    )
    return Card(
        spec,
        Picture(picture) if picture else None,
        Foreign.unpacked(foreign) if foreign else None,
        slugify(row.key) or "persona",
        row.version,
        row.created_at,
        row.updated_at,
    )
