"""The routing tables as administrators see and change them, and what a change would do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from db.session import Database
from engine.accounts.actor import Actor, Standing
from engine.accounts.audit import record
from engine.accounts.people import actor_of
from engine.accounts.rights import Right, needs
from engine.errors import NotFound, StudioError
from engine.llm.refs import ModelRef
from engine.routing.route import Length, Route
from engine.routing.router import Router
from engine.routing.tables import SETTING, Mode, Surface, Tables, TableSource, checked

TEXT, STRUCTURED = "text", "structured"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of the tables does to one kind of call: who answered it on the house's keys, and who would."""

    surface: str
    call: str
    before: str
    after: str


class Routing:
    """Reads the tables in force, and puts others in force for the next call."""

    def __init__(
        self, database: Database, tables: TableSource, router: Router, *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._tables = tables
        self._router = router
        self._clock = clock

    @needs(Right.USE)
    def modes(self, actor: Actor) -> dict[str, Mode]:
        """The modes that can be picked."""
        return dict(self._tables.now().modes)

    @needs(Right.USE)
    def surfaces(self, actor: Actor) -> dict[str, Surface]:
        """The places that calls come from."""
        return dict(self._tables.now().surfaces)

    @needs(Right.MANAGE_ROUTING)
    def tables(self, actor: Actor) -> Tables:
        """All tables in force."""
        return self._tables.now()

    @needs(Right.MANAGE_ROUTING)
    def serving(self, actor: Actor) -> dict[str, ModelRef | None]:
        """Which model each profile comes to today on the house's keys; None where nobody serves it."""
        return self._router.serving(Actor.operator())

    @needs(Right.MANAGE_ROUTING)
    def out_of_date(self, actor: Actor, edited: dict[str, Any] | None = None) -> list[tuple[str, ModelRef]]:
        """The profiles that name a model which its provider no longer lists for the house, and that model."""
        return self._router.out_of_date(Actor.operator(), checked(edited) if edited is not None else None)

    @needs(Right.MANAGE_ROUTING)
    def save(self, actor: Actor, edited: dict[str, Any]) -> Tables:
        """Put edited tables (the fields of `Tables`) in force. Raises BadInput that names what is wrong."""
        tables = checked(edited)
        before, after = _changed(self._tables.now(), tables)
        with self._database.write() as unit:
            unit.house.put(SETTING, tables.model_dump(mode="json"))
            now = self._clock()
            record(unit, actor.person_id, "routing.change", "house", "routing", now, before=before, after=after)
        return tables

    @needs(Right.MANAGE_ROUTING)
    def explain(
        self,
        actor: Actor,
        person_id: UUID | None,
        *,
        surface: str,
        mode: str = "",
        structured: bool = False,
        step: str = "",
        context_tokens: int = 0,
        edited: dict[str, Any] | None = None,
    ) -> Route:
        """What would answer a person (None: the operator) there, with the tables in force or with edited ones.

        Nothing is called. Raises NotFound for a person, BadInput for tables that cannot be, and what
        `Router.resolve` raises.
        """
        tables = checked(edited) if edited is not None else None
        return self._router.resolve(
            self._asked_for(person_id),
            surface=surface,
            mode=mode,
            structured=structured,
            step=step,
            length=Length(counted=context_tokens),
            tables=tables,
        ).route

    @needs(Right.MANAGE_ROUTING)
    def effects(self, actor: Actor, edited: dict[str, Any]) -> list[Effect]:
        """What edited tables would change, on the house's keys and for short prompts; raises BadInput like `save`."""
        old, new = self._tables.now(), checked(edited)
        found = []
        for surface in dict.fromkeys([*old.surfaces, *new.surfaces]):
            calls = dict.fromkeys([*_calls(old, surface), *_calls(new, surface)])
            sides = [(call, *(self._answer(tables, surface, call) for tables in (old, new))) for call in calls]
            sides.append(("open to", *(_open_to(tables, surface) for tables in (old, new))))
            found += [Effect(surface, call, before, after) for call, before, after in sides if before != after]
        return found

    def _answer(self, tables: Tables, surface: str, call: str) -> str:
        """Who answers a call of a kind; why not, when nobody does."""
        if call not in _calls(tables, surface):
            return ""
        step = "" if call in (TEXT, STRUCTURED) else call
        structured = call == STRUCTURED or call == _calls(tables, surface)[0] != TEXT
        try:
            route = self._router.resolve(
                Actor.operator(), surface=surface, structured=structured, step=step, tables=tables
            ).route
        except StudioError as problem:
            return problem.message
        return str(route.ref)

    def _asked_for(self, person_id: UUID | None) -> Actor:
        if person_id is None:
            return Actor.operator()
        with self._database.read() as unit:
            row = unit.people.by_id(person_id)
        if row is None:
            raise NotFound("There is no such person.", hint="Choose one from the list.")
        return actor_of(row)


def _calls(tables: Tables, surface: str) -> tuple[str, ...]:
    """The kinds of calls that a surface makes: the steps of its mode, the first of them structured; or text and
    structured ones."""
    place = tables.surfaces.get(surface)
    if place is None:
        return ()
    return tuple(tables.modes[place.mode].steps) or (TEXT, STRUCTURED)


def _open_to(tables: Tables, surface: str) -> str:
    place = tables.surfaces.get(surface)
    if place is None:
        return ""
    return "anyone signed in" if place.standing <= Standing.UNVERIFIED else "people with a confirmed address"


def _changed(before: Tables, after: Tables) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables that differ, as they were and as they are."""
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    names = [name for name in now if was[name] != now[name]]
    return {name: was[name] for name in names}, {name: now[name] for name in names}
