"""The kill switch: administrators stop everything, or one thing, with a reason that those who are hit can read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.base import NOBODY
from db.models.controls import Switch
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.providers import PROVIDERS
from engine.usage.policy import Policy, Stop, read_policy, stops_in_force
from engine.usage.stops import EVERYTHING, HOUSE_KEYS, SCOPES, Reach, first_hit, refusal

LONGEST_REASON = 300
OF_PEOPLE = ("person", "department")


@dataclass(frozen=True, slots=True)
class StopLine:
    """A stop in force, who made it, what it is called, and how many calls it has turned away."""

    stop: Stop
    author: str
    name: str
    refused: int


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody is told about AI being off. `off`: nobody can answer them; otherwise only part of it is stopped.

    `author` is the administrator's name, empty for anybody else.
    """

    off: bool
    reason: str
    until: datetime | None
    by: Literal["operator", "admin", "self"]
    scope: str = EVERYTHING
    target: str = ""
    author: str = ""


class Controls:
    """Stops and lifts. A stop counts from its commit: no call that begins after it is let in."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime], ai_enabled: bool, on_cut: Callable[[], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._ai_enabled = ai_enabled
        self._on_cut = on_cut

    @needs(Right.STOP_AI)
    def stop(
        self,
        actor: Actor,
        scope: str,
        target: str = "",
        *,
        reason: str,
        until: datetime | None = None,
        cut: bool = False,
    ) -> UUID:
        """Stop a scope. With `cut`, answers that are being written end within a beat. Raises BadInput or NotFound."""
        now, why = self._clock(), " ".join(reason.split())
        if not why or len(why) > LONGEST_REASON:
            raise BadInput(
                f"A reason of at most {LONGEST_REASON} characters is needed.",
                field="Reason",
                hint="It is shown to everyone whom the stop touches.",
            )
        if until is not None and until <= now:
            raise BadInput("The end lies in the past.", field="Until", hint="Choose a later time, or none.")
        switch = Switch(
            id=uuid7(),
            scope=scope,
            target=target,
            reason=why,
            cut=cut,
            author_id=actor.person_id or NOBODY,
            created_at=now,
            expires_at=until,
        )
        after = {"reason": why, "until": until.isoformat() if until else None, "cut": cut}
        with self._database.write() as unit:
            _name(unit, scope, target)
            unit.controls.add_switch(switch)
            record(unit, actor.person_id, "ai.stop", scope, target, now, after=after)
        if cut:
            self._on_cut()
        return switch.id

    @needs(Right.STOP_AI)
    def lift(self, actor: Actor, stop_id: UUID) -> None:
        """End a stop. Raises NotFound when it was lifted before."""
        now = self._clock()
        with self._database.write() as unit:
            switch = unit.controls.switch(stop_id)
            if switch is None or not unit.controls.lift(stop_id, now):
                raise NotFound("That stop is not in force any more.", hint="Somebody lifted it, perhaps just now.")
            record(unit, actor.person_id, "ai.lift", switch.scope, switch.target, now)

    @needs(Right.STOP_AI)
    def in_force(self, actor: Actor) -> list[StopLine]:
        """What is stopped now, newest first."""
        with self._database.read() as unit:
            rows = unit.policy.switches(self._clock())
            authors = unit.people.names(row.author_id for row in rows)
            return [
                StopLine(
                    stop,
                    authors.get(row.author_id, "Operator"),
                    _name(unit, row.scope, row.target, strict=False),
                    row.refused,
                )
                for stop, row in zip(stops_in_force(unit, self._clock()), rows, strict=True)
            ][::-1]

    @needs(Right.STOP_AI)
    def touched(self, actor: Actor, scope: str, target: str = "") -> int:
        """How many people a stop of this scope could turn away."""
        with self._database.read() as unit:
            _name(unit, scope, target)
            if scope == "person":
                return 1
            if scope == "department":
                return unit.departments.sizes().get(UUID(target), 0)
            return unit.people.count_enabled()

    @needs(Right.STOP_AI)
    def writing(self, actor: Actor) -> int:
        """How many answers are being written in all processes."""
        with self._database.read() as unit:
            return unit.ledger.count_open(self._clock())

    @needs(Right.USE)
    def notice(self, actor: Actor) -> Notice | None:
        """What the actor has to know before they ask: the worst of what stops their calls, or None."""
        if not self._ai_enabled:
            return Notice(True, "AI is switched off by the operator.", None, "operator")
        with self._database.read() as unit:
            policy = read_policy(unit, actor, self._clock())
            worst = _worst(actor, policy)
            row = unit.controls.switch(worst.id) if worst else None
            author = unit.people.names([row.author_id]).get(row.author_id, "") if row else ""
        off = worst is not None and worst.scope in (EVERYTHING, *OF_PEOPLE)
        if not policy.ai_enabled and not off:
            return Notice(True, "You have switched AI off for yourself.", None, "self")
        if worst is None:
            return None
        return Notice(off, worst.reason, worst.until, "admin", worst.scope, worst.target, author)

    @needs(Right.USE)
    def check(
        self, actor: Actor, *, surface: str, provider: str, model: str, profile: str, key_source: str, free: bool
    ) -> None:
        """Raise StoppedByAdmin when a stop would turn away such a call of the actor."""
        with self._database.read() as unit:
            stops = stops_in_force(unit, self._clock())
        reach = Reach(
            person_id=actor.person_id or NOBODY,
            department_id=actor.department_id or NOBODY,
            provider=provider,
            model=f"{provider}:{model}",
            profile=profile,
            surface=surface,
            house_pays=key_source != "user" and not free,
        )
        if stop := first_hit(stops, reach):
            raise refusal(stop)


def _worst(actor: Actor, policy: Policy) -> Stop | None:
    """Of the stops that can touch somebody one that stops all their calls, else the oldest."""
    mine = dict(zip(OF_PEOPLE, (str(actor.person_id), str(actor.department_id)), strict=True))
    touching = [stop for stop in policy.stops if stop.scope not in mine or mine[stop.scope] == stop.target]
    return next((stop for stop in touching if stop.scope in (EVERYTHING, *mine)), touching[0] if touching else None)


def _name(unit: Unit, scope: str, target: str, *, strict: bool = True) -> str:
    """What a stop's target is called. Raises BadInput or NotFound for what cannot be stopped, unless not `strict`."""
    if scope not in SCOPES:
        raise BadInput(f"{scope!r} cannot be stopped.", field="Scope", hint=f"Known: {', '.join(SCOPES)}.")
    if scope in (EVERYTHING, HOUSE_KEYS):
        return "everything" if scope == EVERYTHING else "the house's keys"
    found = _found(unit, scope, target)
    if found is None and strict:
        raise NotFound(f"There is no {scope} {target!r}.", hint="Choose one that is there.")
    return found or target


def _found(unit: Unit, scope: str, target: str) -> str | None:
    if scope == "provider":
        return PROVIDERS[target].label if target in PROVIDERS else None
    if scope in ("person", "department"):
        try:
            row_id = UUID(target)
        except ValueError:
            return None
        row = unit.people.by_id(row_id) if scope == "person" else unit.departments.by_id(row_id)
        return row.name if row else None
    return target or None
