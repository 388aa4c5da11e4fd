"""The library of scenes: making, changing, casting, sharing, forking and carrying them away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import yaml
from uuid_utils.compat import uuid7

from db.models.theatre import Scene as SceneRow
from db.models.theatre import SceneTurn
from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.personas.catalogue import Personas
from engine.theatre.casting import cast_of, member_for
from engine.theatre.export import as_html, as_json, as_markdown
from engine.theatre.rows import no_scene, own_locked, readable, scene_of, turn_of
from engine.theatre.scene import MOST_CAST, Part, Scene, SceneFile, SceneSpec, Settings, checked
from engine.theatre.turn_taking import strategy

TEMPLATES = Path(__file__).with_name("templates")
FORMS = {"markdown": as_markdown, "json": as_json, "html": as_html}
Form = Literal["markdown", "json", "html"]


@dataclass(frozen=True, slots=True)
class Template:
    """A scene to begin with, and what it is good for."""

    key: str
    about: str
    file: SceneFile


@dataclass(frozen=True, slots=True)
class FoundScenes:
    """A page of one's own scenes, and how many there are in all."""

    total: int
    scenes: list[Scene]


class Scenes:
    """The actor's own scenes, and those that colleagues share; anybody else's look as if they were not there."""

    def __init__(self, database: Database, personas: Personas, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._personas = personas
        self._clock = clock

    @needs(Right.USE)
    def templates(self, actor: Actor) -> tuple[Template, ...]:
        """The scenes that ship with the studio."""
        return templates()

    @needs(Right.USE)
    def page(self, actor: Actor, search: str = "", *, skip: int = 0, most: int = 24) -> FoundScenes:
        """One's own scenes, the latest first; `search` looks at titles."""
        me, now = actor.person_id, self._clock()
        with self._database.read() as unit:
            rows = unit.scenes.page(me, search, skip=skip, most=most)
            return FoundScenes(unit.scenes.count(me, search), [scene_of(row, now) for row in rows])

    @needs(Right.USE)
    def shared(self, actor: Actor, search: str = "", *, most: int = 24) -> list[Scene]:
        """The performances that colleagues share, the latest first."""
        now = self._clock()
        with self._database.read() as unit:
            found = unit.scenes.shared_by_others(actor.person_id, search, most=most)
            return [scene_of(row, now, owner=owner, mine=False) for row, owner in found]

    @needs(Right.USE)
    def get(self, actor: Actor, scene_id: UUID) -> Scene:
        """A scene of one's own, or a shared one. Raises NotFound."""
        with self._database.read() as unit:
            return readable(unit, actor, scene_id, self._clock())[1]

    @needs(Right.USE)
    def create(self, actor: Actor, scene: SceneFile | Mapping[str, Any]) -> UUID:
        """Add a scene as a file describes it. Raises BadInput, and NotFound for a persona that one may not use."""
        file = scene if isinstance(scene, SceneFile) else checked(SceneFile, scene)
        strategy(file.strategy)
        cast = cast_of(file.cast, lambda key: self._personas.get(actor, key))
        spec = SceneSpec(**{name: getattr(file, name) for name in Settings.model_fields}, cast=tuple(cast))
        row = self._row(actor, spec)
        with self._database.write() as unit:
            unit.scenes.add(row)
        return row.id

    @needs(Right.USE)
    def begin(self, actor: Actor, template: str = "") -> UUID:
        """Add a scene after a template, or a blank one. Of its cast those are there whom one may use."""
        if not template:
            return self.create(actor, SceneFile())
        found = next((each for each in templates() if each.key == template), None)
        if found is None:
            raise BadInput(f"There is no template {template!r}.", field="Template")
        there = tuple(part for part in found.file.cast if self._may_use(actor, part))
        return self.create(actor, found.file.model_copy(update={"cast": there}))

    @needs(Right.USE)
    def change(self, actor: Actor, scene_id: UUID, changes: Mapping[str, Any]) -> None:
        """Change fields of a scene other than its cast; a play goes on by them. Raises BadInput, NotFound."""
        if unknown := changes.keys() - Settings.model_fields.keys():
            raise BadInput(f"A scene has no {min(unknown)} to change.", field=min(unknown))
        strategy(str(changes.get("strategy", "natural")))
        self._rewrite(actor, scene_id, lambda spec: checked(SceneSpec, spec.model_dump(mode="json") | dict(changes)))

    @needs(Right.USE)
    def cast(self, actor: Actor, scene_id: UUID, persona: str) -> None:
        """Give a persona a part. Raises BadInput when the stage is full, NotFound."""
        found = self._personas.get(actor, persona)

        def rewrite(spec: SceneSpec) -> SceneSpec:
            if len(spec.cast) >= MOST_CAST:
                raise BadInput(f"A cast has at most {MOST_CAST} members.", field="Cast", hint="Remove somebody first.")
            member = member_for(Part(persona=persona), found, spec.cast)
            return spec.model_copy(update={"cast": (*spec.cast, member)})

        self._rewrite(actor, scene_id, rewrite)

    @needs(Right.USE)
    def change_part(self, actor: Actor, scene_id: UUID, member_id: str, changes: Mapping[str, Any]) -> None:
        """Change a member's model, talkativeness, mute or accent. Raises BadInput, NotFound."""

        def rewrite(spec: SceneSpec) -> SceneSpec:
            content = spec.model_dump(mode="json")
            wanted = [part for part in content["cast"] if part["id"] == member_id]
            if not wanted:
                raise NotFound("That member is not in the cast.", hint="They were removed, perhaps in another tab.")
            if unknown := changes.keys() - {"model", "talkativeness", "mute", "accent"}:
                raise BadInput(f"A part has no {min(unknown)} to change.", field=min(unknown))
            wanted[0].update(changes)
            found: SceneSpec = checked(SceneSpec, content)
            return found

        self._rewrite(actor, scene_id, rewrite)

    @needs(Right.USE)
    def dismiss(self, actor: Actor, scene_id: UUID, member_id: str) -> None:
        """Take a member out of the cast; what they said stays. Raises NotFound."""

        def rewrite(spec: SceneSpec) -> SceneSpec:
            return spec.model_copy(update={"cast": tuple(each for each in spec.cast if each.id != member_id)})

        self._rewrite(actor, scene_id, rewrite)

    @needs(Right.USE)
    def share(self, actor: Actor, scene_id: UUID, *, shared: bool) -> None:
        """Let everyone in the workspace read the performance, or no more. Raises NotFound."""
        with self._database.write() as unit:
            row = own_locked(unit, actor, scene_id)
            unit.scenes.change(row.id, shared_at=self._clock() if shared else None)

    @needs(Right.USE)
    def delete(self, actor: Actor, scene_id: UUID, *, for_good: bool = False) -> None:
        """Take a scene away; `restore` brings it back, unless it was `for_good`.

        A play ends after the turn that is being said. Raises NotFound.
        """
        with self._database.write() as unit:
            row = own_locked(unit, actor, scene_id)
            if for_good:
                unit.scenes.remove(row.id)
                return
            state = "paused" if row.state == "playing" else row.state
            unit.scenes.change(row.id, deleted_at=self._clock(), state=state)

    @needs(Right.USE)
    def restore(self, actor: Actor, scene_id: UUID) -> None:
        """Bring a deleted scene back as it was. Raises NotFound."""
        with self._database.write() as unit:
            if unit.scenes.of(actor.person_id, scene_id, deleted=True) is None:
                raise no_scene()
            unit.scenes.change(scene_id, deleted_at=None)

    @needs(Right.USE)
    def fork(self, actor: Actor, scene_id: UUID, *, after: int | None = None) -> UUID:
        """A scene of one's own that has been the same up to and with the turn `after`, or to its end; -1: no turn.

        What was said keeps who, why and by which model; its cost stays where it was paid. Raises NotFound.
        """
        with self._database.write() as unit:
            row = own_locked(unit, actor, scene_id)
            turns = [turn for turn in unit.scenes.turns(row.id) if turn.state != "writing"]
            kept = [turn for turn in turns if after is None or turn.number <= after]
            spec = SceneSpec.model_validate(row.spec)
            fork = self._row(actor, spec.model_copy(update={"title": f"Fork of {spec.title}"[:120]}))
            fork.state, fork.parent_id = "paused" if kept else "ready", row.id
            fork.next_number = fork.since = kept[-1].number + 1 if kept else 0
            unit.scenes.add(fork, [_copy(turn, fork.id) for turn in kept])
        return fork.id

    @needs(Right.USE)
    def export(self, actor: Actor, scene_id: UUID, form: Form) -> str:
        """A whole performance as a file. Raises NotFound."""
        now = self._clock()
        with self._database.read() as unit:
            row, scene = readable(unit, actor, scene_id, now)
            turns = [turn_of(turn, now, mine=scene.mine) for turn in unit.scenes.turns(row.id)]
        return FORMS[form](scene, turns)

    def _may_use(self, actor: Actor, part: Part) -> bool:
        try:
            self._personas.get(actor, part.persona)
        except NotFound:
            return False
        return True

    def _row(self, actor: Actor, spec: SceneSpec) -> SceneRow:
        now = self._clock()
        return SceneRow(
            id=uuid7(),
            person_id=actor.person_id,
            title=spec.title,
            spec=spec.model_dump(mode="json"),
            state="ready",
            next_number=0,
            created_at=now,
            updated_at=now,
        )

    def _rewrite(self, actor: Actor, scene_id: UUID, rewrite: Callable[[SceneSpec], SceneSpec]) -> None:
        with self._database.write() as unit:
            row = own_locked(unit, actor, scene_id)
            spec = rewrite(SceneSpec.model_validate(row.spec))
            unit.scenes.change(row.id, title=spec.title, spec=spec.model_dump(mode="json"), updated_at=self._clock())


@cache
def templates() -> tuple[Template, ...]:
    """The templates in the order of their files' names."""
    return tuple(map(_template, sorted(TEMPLATES.glob("*.yaml"))))


def _template(path: Path) -> Template:
    content = yaml.safe_load(path.read_text("utf-8"))
    about = content.pop("about")
    return Template(path.stem.partition("_")[2], about, checked(SceneFile, content))


_COPIED = (
    *("number", "speaker", "name", "accent", "avatar", "persona_key", "persona_version", "addressed", "text", "state"),
    *("strategy", "reason", "queue", "model", "route", "took_ms", "created_at", "saved_at"),
)


def _copy(turn: SceneTurn, scene_id: UUID) -> SceneTurn:
    return SceneTurn(id=uuid7(), scene_id=scene_id, **{name: getattr(turn, name) for name in _COPIED})
