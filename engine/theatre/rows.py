"""Between the tables and what the theatre speaks of: whose a scene is, and rows as scenes and turns."""

from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.theatre import Scene as SceneRow
from db.models.theatre import SceneTurn
from db.repositories.metering import Take
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.errors import NotFound
from engine.llm.usage import Usage
from engine.theatre.scene import HOST, HOST_NAME, Said, Scene, SceneSpec, Turn
from engine.usage.prices import NANO

CUT_AFTER = timedelta(seconds=10)
"""A player says every second that it plays, and a turn is saved as often; one silent for so long is gone."""

_PLAIN = (
    *("id", "number", "speaker", "name", "text", "state", "addressed", "accent", "avatar", "persona_key"),
    *("persona_version", "strategy", "reason", "model", "route", "took_ms", "first_token_ms", "error", "created_at"),
)


def own(unit: Unit, actor: Actor, scene_id: UUID) -> SceneRow:
    """A scene of the actor. Raises NotFound."""
    row = unit.scenes.of(actor.person_id, scene_id)
    if row is None:
        raise no_scene()
    return row


def own_locked(unit: Unit, actor: Actor, scene_id: UUID) -> SceneRow:
    """The same for whoever goes on to change it: nobody else does meanwhile. Raises NotFound."""
    row = unit.scenes.of(actor.person_id, scene_id, locked=True)
    if row is None:
        raise no_scene()
    return row


def readable(unit: Unit, actor: Actor, scene_id: UUID, now: datetime) -> tuple[SceneRow, Scene]:
    """A scene of the actor, or one that a colleague shares. Raises NotFound."""
    row = unit.scenes.of(actor.person_id, scene_id)
    if row is not None:
        return row, scene_of(row, now)
    shared = unit.scenes.shared(scene_id)
    if shared is None:
        raise no_scene()
    row, owner = shared
    return row, scene_of(row, now, owner=owner, mine=False)


def no_scene() -> NotFound:
    """The one answer for somebody else's scene and for none."""
    return NotFound("There is no such scene of yours.", hint="It was deleted, or it is not shared any more.")


def scene_of(row: SceneRow, now: datetime, *, owner: str = "", mine: bool = True) -> Scene:
    """A row as a scene. One whose player has died stands still, whatever its row says."""
    state, said = row.state, None if row.said is None else Said(**row.said)
    if state == "playing" and not has_player(row, now):
        state, said = "paused", RESTARTED
    return Scene(
        id=row.id,
        spec=SceneSpec.model_validate(row.spec),
        state=state,  # type: ignore[arg-type]
        said=said,
        forced=row.forced,
        shared=row.shared_at is not None,
        mine=mine,
        owner=owner,
        thread_id=row.thread_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


RESTARTED = Said("cut", "The studio was restarted during the play.", "What was said is kept; press Play to go on.")


def has_player(row: SceneRow, now: datetime) -> bool:
    """Whether some process plays the scene, as far as anybody can tell."""
    return row.player is not None and row.beat_at is not None and now - row.beat_at <= CUT_AFTER


def turn_of(row: SceneTurn, now: datetime, *, mine: bool = True) -> Turn:
    """A row as a turn. Whose keys paid, and why, is for the owner alone."""
    silent = row.state == "writing" and now - row.saved_at > CUT_AFTER
    plain: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    plain |= {} if mine else {"route": None, "error": None}
    return Turn(
        **plain
        | {
            "state": "cut" if silent else row.state,
            "queue": tuple((who, why) for who, why in row.queue),
            "usage": None if row.usage is None else Usage(**row.usage),
            "cost_usd": _usd(row.cost_nano),
            "pick_usd": _usd(row.pick_nano),
        }
    )


def host_row(scene_id: UUID, number: int, text: str, now: datetime, *, addressed: str = "") -> SceneTurn:
    """What the host says, ready to be added."""
    return SceneTurn(
        id=uuid7(), scene_id=scene_id, number=number, speaker=HOST, name=HOST_NAME, text=text, addressed=addressed,
        created_at=now, saved_at=now,
    )  # fmt: skip


def said_as_row(said: Said | None) -> dict[str, Any] | None:
    """What is kept of why a scene stands still."""
    return None if said is None else asdict(said)


def spent_nano(unit: Unit, scene_id: UUID) -> int:
    """What the calls of a scene have cost, the director's too, by the books of the house."""
    return unit.metering.used(Take("scene", str(scene_id), "money", "life", 0))


def _usd(nano: int | None) -> Decimal | None:
    return None if nano is None else Decimal(nano) / NANO
