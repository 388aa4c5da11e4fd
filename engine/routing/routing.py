"""The routing tables as administrators see and change them, and what a change would do."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.accounts.people import actor_of
from engine.accounts.rights import Right, needs
from engine.errors import NotFound
from engine.llm.refs import ModelRef
from engine.routing.route import Length, Route
from engine.routing.router import Router
from engine.routing.tables import SETTING, Mode, Surface, Tables, TableSource, checked


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

    def _asked_for(self, person_id: UUID | None) -> Actor:
        if person_id is None:
            return Actor.operator()
        with self._database.read() as unit:
            row = unit.people.by_id(person_id)
        if row is None:
            raise NotFound("There is no such person.", hint="Choose one from the list.")
        return actor_of(row)


def _changed(before: Tables, after: Tables) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables that differ, as they were and as they are."""
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    names = [name for name in now if was[name] != now[name]]
    return {name: was[name] for name in names}, {name: now[name] for name in names}
