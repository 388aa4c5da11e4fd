"""Queries for scenes and turns. What a person asks for names whose it is; what a play asks for names its player.

Who plays a scene is decided under its lock. Two processes can play it only if both believe to be its player, and even
then no turn is doubled: a turn is claimed by the number that its player saw, in one statement that changes nothing when
the scene has moved on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update

from db.models.people import Person
from db.models.theatre import Scene, SceneTurn
from db.repositories.base import Repository

WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Tally:
    """What one speaker has said in a scene: turns, characters, money and time."""

    speaker: str
    turns: int
    characters: int
    cost_nano: int
    took_ms: int


class Scenes(Repository):
    """The scenes of a person, those that colleagues share, and the stage."""

    def add(self, scene: Scene, turns: Sequence[SceneTurn] = ()) -> None:
        """Add a scene with what was said in it."""
        self._session.add(scene)
        self._session.flush()
        self._session.add_all(turns)

    def of(
        self, person_id: UUID | None, scene_id: UUID, *, deleted: bool = False, locked: bool = False
    ) -> Scene | None:
        """A scene of this person, or, without one, of the operator. `locked`: nobody else changes it meanwhile.

        Whoever changes a scene and a turn of it in one unit begins with the scene: a second order would be a deadlock
        in waiting.
        """
        wanted = select(Scene).where(Scene.id == scene_id, *_mine(person_id, deleted=deleted))
        return self._session.scalar(wanted.with_for_update() if locked else wanted)

    def shared(self, scene_id: UUID) -> tuple[Scene, str] | None:
        """A scene that its owner shares, and the owner's name."""
        found = self._session.execute(_SHARED.where(Scene.id == scene_id)).one_or_none()
        return None if found is None else (found[0], found[1])

    def of_thread(self, person_id: UUID, thread_id: UUID) -> Scene | None:
        """The scene that belongs to a thread."""
        return self._session.scalar(select(Scene).where(Scene.thread_id == thread_id, *_mine(person_id)))

    def page(self, person_id: UUID | None, search: str = "", *, skip: int, most: int) -> list[Scene]:
        """Scenes, the one in which something happened last first."""
        wanted = select(Scene).where(*_mine(person_id), *_titled(search))
        return list(self._session.scalars(_newest(wanted).offset(skip).limit(most)))

    def count(self, person_id: UUID | None, search: str = "") -> int:
        """How many scenes a search finds."""
        wanted = select(func.count()).select_from(Scene).where(*_mine(person_id), *_titled(search))
        return self._session.scalar(wanted) or 0

    def shared_by_others(self, person_id: UUID | None, search: str = "", *, most: int) -> list[tuple[Scene, str]]:
        """Scenes that colleagues share, with their owners' names."""
        wanted = _SHARED.where(Scene.person_id.is_distinct_from(person_id), *_titled(search))
        return [(row[0], row[1]) for row in self._session.execute(_newest(wanted).limit(most))]

    def change(self, scene_id: UUID, *where: ColumnElement[bool], **values: Any) -> bool:
        """Change a scene; False when it is not as `where` says."""
        changed = update(Scene).where(Scene.id == scene_id, *where).values(**values)
        return self._session.scalar(changed.returning(Scene.id)) is not None

    def remove(self, scene_id: UUID) -> None:
        """Delete a scene with all that was said in it."""
        self._session.execute(delete(Scene).where(Scene.id == scene_id))

    def turns(self, scene_id: UUID, *, after: int = -1, most: int | None = None) -> list[SceneTurn]:
        """The newest turns of a scene, or those after a number, in their order."""
        wanted = select(SceneTurn).where(SceneTurn.scene_id == scene_id, SceneTurn.number > after)
        return list(self._session.scalars(wanted.order_by(SceneTurn.number.desc()).limit(most)))[::-1]

    def tally(self, scene_id: UUID) -> list[Tally]:
        """What each speaker has said."""
        turn = SceneTurn
        cost = func.sum(func.coalesce(turn.cost_nano, 0) + func.coalesce(turn.pick_nano, 0))
        sums = (func.count(), func.sum(func.length(turn.text)), cost, func.sum(turn.took_ms))
        found = self._session.execute(
            select(turn.speaker, *sums).where(turn.scene_id == scene_id).group_by(turn.speaker)
        )
        return [Tally(row[0], *(int(each) for each in row[1:])) for row in found]

    def by_id(self, scene_id: UUID) -> Scene | None:
        """A scene, whosever it is: for its player, who has asked for it as its owner."""
        return self._session.scalar(select(Scene).where(Scene.id == scene_id, Scene.deleted_at.is_(None)))

    def beat(self, scene_id: UUID, player: UUID, now: datetime) -> bool:
        """Say that the player is there; False when it is not wanted any more."""
        return self.change(scene_id, Scene.player == player, Scene.state != "ended", beat_at=now)

    def note(self, scene_id: UUID, player: UUID, said: dict[str, Any]) -> None:
        """Say what a play is waiting for."""
        self.change(scene_id, Scene.player == player, Scene.state == "playing", said=said)

    def halt(self, scene_id: UUID, player: UUID, state: str, said: dict[str, Any] | None, now: datetime) -> bool:
        """Bring a play to a standstill as its player; False when it is that no more, or a person was faster."""
        still = {"state": state, "said": said, "player": None, "steps": None, "updated_at": now}
        return self.change(scene_id, Scene.player == player, Scene.state == "playing", **still)

    def leave(self, scene_id: UUID, player: UUID) -> bool:
        """Play no more, unless somebody has pressed Play meanwhile."""
        return self.change(scene_id, Scene.player == player, Scene.state != "playing", player=None)

    def count_step(self, scene_id: UUID, player: UUID, now: datetime) -> None:
        """Note that a turn was played."""
        stepped = {"steps": Scene.steps - 1, "updated_at": now}
        self.change(scene_id, Scene.player == player, **stepped)

    def claim(self, player: UUID, turn: SceneTurn) -> bool:
        """Put a turn on stage under the number that its player saw as the next one.

        False, and nothing changed, when somebody has spoken meanwhile, or when this is not the player any more.
        """
        as_seen = (Scene.next_number == turn.number, Scene.player == player, Scene.state == "playing")
        if not self.change(turn.scene_id, *as_seen, next_number=turn.number + 1, forced="", said=None):
            return False
        self._session.add(turn)
        return True

    def next_number(self, scene_id: UUID, now: datetime, *, numbers: int = 1) -> int:
        """Take the next number, or the first of several, for what the host says."""
        taken = (
            update(Scene).where(Scene.id == scene_id).values(next_number=Scene.next_number + numbers, updated_at=now)
        )
        return self._session.scalars(taken.returning(Scene.next_number)).one() - numbers

    def say(self, *turns: SceneTurn) -> None:
        """Add turns under numbers that were taken."""
        self._session.add_all(turns)

    def keep(self, turn_id: UUID, **values: Any) -> bool:
        """Save a turn as far as it is; False when it is not being written any more."""
        kept = update(SceneTurn).where(SceneTurn.id == turn_id, SceneTurn.state == WRITING).values(**values)
        return self._session.scalar(kept.returning(SceneTurn.id)) is not None

    def describe(self, turn_id: UUID, **values: Any) -> None:
        """Keep facts about a turn, unless it was given up for lost: others have gone on from what it was then."""
        there = SceneTurn.id == turn_id, SceneTurn.state != "cut"
        self._session.execute(update(SceneTurn).where(*there).values(**values))

    def withdraw(self, scene_id: UUID, turn_id: UUID, *, forced: str) -> None:
        """Take a turn away in which nothing was said; whoever was forced to speak is so again."""
        if forced:
            self.change(scene_id, Scene.forced == "", forced=forced)
        self._session.execute(delete(SceneTurn).where(SceneTurn.id == turn_id))

    def writing(self, scene_id: UUID) -> list[SceneTurn]:
        """The turns that are being written: at most one, unless a process has died."""
        return list(self._session.scalars(select(SceneTurn).where(_written_in(scene_id))))

    def cut(self, scene_id: UUID) -> None:
        """End what a process has left behind: words stay, a turn without any goes."""
        self._session.execute(delete(SceneTurn).where(_written_in(scene_id), SceneTurn.text == ""))
        self._session.execute(update(SceneTurn).where(_written_in(scene_id)).values(state="cut"))

    def of_person(self, person_id: UUID) -> list[tuple[Scene, list[SceneTurn]]]:
        """Everything that somebody has staged, for an export."""
        scenes = self._session.scalars(select(Scene).where(Scene.person_id == person_id).order_by(Scene.id))
        return [(scene, self.turns(scene.id)) for scene in scenes]

    def drop_before(self, instant: datetime) -> int:
        """Forget scenes in which nothing has happened since an instant; how many there were."""
        return len(self._session.scalars(delete(Scene).where(Scene.updated_at < instant).returning(Scene.id)).all())


_SHARED = (
    select(Scene, Person.name)
    .join(Person, Person.id == Scene.person_id)
    .where(Scene.shared_at.is_not(None), Scene.deleted_at.is_(None), Person.disabled_at.is_(None))
)


def _mine(person_id: UUID | None, *, deleted: bool = False) -> list[ColumnElement[bool]]:
    gone = Scene.deleted_at.is_not(None) if deleted else Scene.deleted_at.is_(None)
    return [Scene.person_id.is_not_distinct_from(person_id), gone]


def _titled(search: str) -> list[ColumnElement[bool]]:
    return [Scene.title.icontains(word, autoescape=True) for word in search.split()]


def _newest(wanted: Any) -> Any:
    return wanted.order_by(Scene.updated_at.desc(), Scene.id.desc())


def _written_in(scene_id: UUID) -> ColumnElement[bool]:
    return (SceneTurn.scene_id == scene_id) & (SceneTurn.state == WRITING)
