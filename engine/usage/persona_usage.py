"""How much personas are used: one's own calls, and everybody's for their owner and for administrators."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from uuid import UUID

from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor, Role
from engine.accounts.rights import Right, needs
from engine.personas.rights import parted
from engine.usage.dashboard import billing_today
from engine.usage.prices import NANO

DAYS = 30


@dataclass(frozen=True, slots=True)
class Used:
    """Calls, and what they cost as far as prices are known."""

    calls: int = 0
    cost_usd: Decimal = Decimal(0)

    def __add__(self, other: "Used") -> "Used":
        return Used(self.calls + other.calls, self.cost_usd + other.cost_usd)


@dataclass(frozen=True, slots=True)
class PersonaUsage:
    """The last thirty billing days of a persona: the actor's own calls, and everybody's where they may see those."""

    mine: Used
    everybody: Used | None


class PersonasUsed:
    """Reads the daily sums. `billing_zone` says when a day begins."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], billing_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = billing_zone

    @needs(Right.USE)
    def of(self, actor: Actor, keys: Collection[str]) -> dict[str, PersonaUsage]:
        """The use of personas by the keys that the actor calls them by; zero for those that were never asked."""
        with self._database.read() as unit:
            since = billing_today(unit, self._clock(), self._zone) - timedelta(days=DAYS - 1)
            mine = _used(unit, since, keys, by=actor.person_id) if actor.person_id else {}
            names = {key: name for key in keys if (name := _name_to_others(actor, key))}
            others = _used(unit, since, set(names.values()))
            return {
                key: PersonaUsage(
                    mine.get(key, Used()),
                    _owners(unit, since, key, mine) + others.get(names[key], Used()) if key in names else None,
                )
                for key in keys
            }


def _used(unit: Unit, since: date, keys: Collection[str], *, by: UUID | None = None) -> dict[str, Used]:
    if not keys:
        return {}
    rows = unit.catalogue.usage(since, by=by, keys=list(keys))
    return {key: Used(calls, Decimal(cost) / NANO) for key, calls, cost in rows}


def _name_to_others(actor: Actor, key: str) -> str:
    """By which key everybody but its owner asks a persona; empty when their use is not for the actor to see."""
    source, _, slug = parted(key)
    if source == "user":
        return f"team:{actor.handle}/{slug}"
    return key if actor.role is Role.ADMIN else ""


def _owners(unit: Unit, since: date, key: str, mine: Mapping[str, Used]) -> Used:
    """What its owner has used of a persona, whose name for it differs from that of all others."""
    source, handle, slug = parted(key)
    if source == "user":
        return mine.get(key, Used())
    owner = unit.people.by_handle(handle) if source == "team" else None
    name = f"user:{slug}"
    return _used(unit, since, [name], by=owner.id).get(name, Used()) if owner else Used()
