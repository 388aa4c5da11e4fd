"""Pictures of personas: kept as they were brought, found by their content, and shown small.

A persona names its picture as `picture:<SHA-256>`. It may be seen by whoever may use a persona that has it, by who
brought it, and by those in whose drafts it is. The name is as hard to guess as the picture: who puts it into a draft
of their own has seen it before.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.personas.pictures.files import look
from engine.personas.rights import reader_of, writer_of

Kind = Literal["picture", "card"]
MOST, MOST_BYTES = 200, 200 * 1024 * 1024
"""What one person may have, in number and in bytes; pictures and data of imported cards together."""

KEPT_UNUSED = timedelta(days=1)
"""How long something is kept that no persona and no draft names: the draft may be about to."""


class Pictures:
    """Keeps pictures, and shows them to those who may see them."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.WRITE_PERSONAS)
    def save(self, actor: Actor, data: bytes) -> str:
        """Keep a picture without what its camera wrote into it; returns what an avatar names it by.

        Raises BadInput when it is no PNG, JPEG or WebP, too large or damaged, or when the actor has too many.
        """
        from engine.personas.pictures.drawing import clean

        return self.keep(actor, clean(data))

    @needs(Right.WRITE_PERSONAS)
    def keep(self, actor: Actor, data: bytes) -> str:
        """The same, with the file as it is: for the picture of a card, which must not change. Raises BadInput."""
        from engine.personas.pictures.drawing import display_of

        me, media_type, display = writer_of(actor), look(data).media_type, display_of(data)
        with self._database.write() as unit:
            return keep(unit, me, "picture", data, media_type, display=display, now=self._clock())

    @needs(Right.USE)
    def display(self, actor: Actor, key: str) -> bytes:
        """A square of at most 256 pixels, as WebP. Raises NotFound when it is not there, or not the actor's to see."""
        with self._database.read() as unit:
            found = unit.attachments.display(_seen(unit, actor, key))
        if found is None:
            raise not_there()
        return found

    @needs(Right.USE)
    def original(self, actor: Actor, key: str) -> bytes:
        """The picture as it was brought. Raises NotFound."""
        with self._database.read() as unit:
            found = unit.attachments.data(_seen(unit, actor, key))
        if found is None:
            raise not_there()
        return found


def name_of(kind: Kind, data: bytes) -> str:
    """What a persona names these bytes by."""
    return f"{kind}:{hashlib.sha256(data).hexdigest()}"


def is_picture(avatar: str) -> bool:
    """Whether an avatar names a picture that is kept here."""
    return avatar.startswith("picture:")


def keep(
    unit: Unit, person_id: UUID, kind: Kind, data: bytes, media_type: str, *, display: bytes | None, now: datetime
) -> str:
    """Keep bytes for a person and return their name. Raises BadInput when they have too many already."""
    name = name_of(kind, data)
    sha256 = name.partition(":")[2]
    if unit.attachments.facts(sha256) is None and _is_full(unit, person_id, len(data)):
        unit.attachments.drop_unused(now - KEPT_UNUSED, of=person_id)
        if _is_full(unit, person_id, len(data)):
            raise BadInput(
                f"You have as many pictures and cards here as fit: {MOST} or {MOST_BYTES // 2**20} MiB.",
                field="Picture",
                hint="Delete personas that you no longer need, or choose a smaller picture. Nothing was changed.",
            )
    unit.attachments.save(
        {
            "sha256": sha256,
            "kind": kind,
            "media_type": media_type,
            "uploaded_by": person_id,
            "saved_at": now,
            "display": display,
            "data": data,
        }
    )
    return name


def not_there() -> NotFound:
    """The same words for a picture that is not there and for one that is not the actor's to see."""
    return NotFound("There is no such picture that you may see.", hint="Choose another one in the builder.")


def _is_full(unit: Unit, person_id: UUID, more: int) -> bool:
    number, size = unit.attachments.weight_of(person_id)
    return number >= MOST or size + more > MOST_BYTES


def _seen(unit: Unit, actor: Actor, key: str) -> str:
    """The SHA-256 of a picture that the actor may see. Raises NotFound."""
    kind, _, sha256 = key.partition(":")
    facts = unit.attachments.facts(sha256) if kind == "picture" else None
    if facts is None or facts.kind != kind or not _may_see(unit, actor, sha256, facts.uploaded_by):
        raise not_there()
    return sha256


def _may_see(unit: Unit, actor: Actor, sha256: str, uploaded_by: UUID | None) -> bool:
    me = actor.person_id
    if me is not None and uploaded_by == me:
        return True
    if unit.attachments.is_shown_to(reader_of(actor), sha256):
        return True
    return me is not None and unit.attachments.named_in_drafts_of(me, sha256)
