"""Furnishes an empty house with invented people, personas and usage."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from slugify import slugify

from engine.accounts.actor import Actor, Role
from engine.demo.calls import Asker, Inventor
from engine.demo.ledger import write
from engine.errors import BadInput
from engine.personas.spec import Modality, Visibility
from engine.studio import Studio
from engine.usage.dashboard import DEMO
from engine.usage.policy import HOUSE
from engine.usage.prices import PriceBook

FILE = Path(__file__).with_name("demo.yaml")
BUILT_IN = ("maestro", "trip-planner", "document-assistant", "writer", "general", "developer", "operations")
HOUSE_BUDGET_USD = Decimal(80)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was made, and how to sign in."""

    people: int
    personas: int
    calls: int
    email: str
    password: str


def load(
    studio: Studio,
    *,
    people: int = 40,
    personas: int = 60,
    days: int = 90,
    calls_a_day: int = 400,
    seed: int = 7,
    password: str = "",
    now: datetime,
) -> Loaded:
    """Fill an empty house with what happened until `now`. The same seed throws the same dice.

        Raises BadInput when somebody or something is there.

    The first person is the administrator; without a `password` one is made up.
    """
    data, operator = _data(), Actor.operator()
    with studio.database.read() as unit:
        if not unit.history.is_empty():
            raise BadInput(
                "Demo data goes into an empty database only; this one has people or calls.",
                hint="Set STUDIO_DATA_DIR to a new folder, or use `make demo`.",
            )
    dice, secret = Random(seed), password or secrets.token_urlsafe(9)  # noqa: S311  dice, no secret
    actors = _people(studio, data, people, secret)
    keys = _personas(studio, data, actors, personas)
    studio.allowances.set_budget(operator, *HOUSE, HOUSE_BUDGET_USD)
    zone = ZoneInfo(studio.settings.billing_timezone)
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    askers = _askers(dice, data, actors, keys)
    calls = list(Inventor(dice, data, PriceBook(), zone).calls(askers, first, now, calls_a_day))
    with studio.database.write() as unit:
        write(unit, calls, now, zone)
        unit.house.put(DEMO, {"seed": seed, "loaded_at": now.isoformat()})
    return Loaded(len(actors), len(keys), len(calls), actors[0].email, secret)


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return found


def _people(studio: Studio, data: Mapping[str, Any], count: int, password: str) -> list[Actor]:
    """The people, the administrator first; the first of each department leads it."""
    operator, made = Actor.operator(), list[str]()
    departments = data["departments"]
    for place in range(max(map(len, departments.values()))):
        for department, names in departments.items():
            if place < len(names) and len(made) < count:
                made.append(names[place])
                if place == 0:
                    studio.departments.add(operator, department)
    ids = {each.name: each.id for each in studio.departments.all(operator)}
    of = {name: department for department, names in departments.items() for name in names}
    actors = []
    for number, name in enumerate(made):
        role = Role.ADMIN if number == 0 else Role.LEAD if name == departments[of[name]][0] else Role.USER
        email = f"{slugify(name, separator='.')}@demo.example"
        added = studio.people.add(
            operator, email=email, name=name, password=password if number == 0 else "", role=role, verified=True
        )
        studio.people.set_department(operator, added.id, ids[of[name]])
        if name in data["heavy"]:
            studio.allowances.give_plan(operator, added.id, "heavy")
        actors.append(studio.people.acting_as(operator, email))
    return actors


def _personas(studio: Studio, data: Mapping[str, Any], actors: list[Actor], count: int) -> list[tuple[Actor, str]]:
    """Published personas with their writers, all shared with the house."""
    by_department: dict[str, list[Actor]] = {}
    names = {each.id: each.name for each in studio.departments.all(Actor.operator())}
    for actor in actors:
        if actor.department_id:
            by_department.setdefault(names[actor.department_id], []).append(actor)
    found = []
    for number, line in enumerate(data["personas"][:count]):
        name, role, department = line.split(" | ")
        writers = by_department.get(department, actors)
        writer = writers[number % len(writers)]
        draft = studio.drafts.open(writer)
        studio.drafts.save(writer, draft.id, _content(name, role, department))
        found.append((writer, studio.drafts.publish(writer, draft.id)))
    return found


def _content(name: str, role: str, department: str) -> dict[str, Any]:
    return {
        "name": name,
        "role": role,
        "system_prompt": f"You are {name}. {role}. You help colleagues in {department} and never invent facts.",
        "context": f"A desk in the {department.lower()} department of an invented travel company.",
        "tags": ["demo"],
        "modality": Modality.CHARACTER,
        "sample_queries": ["What should I ask you first?"],
        "visibility": Visibility.WORKSPACE,
    }


def _askers(
    dice: Random, data: Mapping[str, Any], actors: list[Actor], personas: list[tuple[Actor, str]]
) -> list[Asker]:
    """Everybody with their habits: a few ask much, most ask little."""
    askers = []
    for rank, actor in enumerate(actors):
        written = [(writer, key) for writer, key in personas if writer.department_id == actor.department_id]
        liked = dice.sample(written, min(3, len(written)))
        shared = [
            key if writer == actor else f"team:{writer.handle}/{key.removeprefix('user:')}" for writer, key in liked
        ]
        favourites = (*dice.sample(BUILT_IN, 3), *shared, "")
        weight = (2.5 if actor.name in data["heavy"] else 1.0) / (1 + rank / 15) * dice.uniform(0.6, 1.4)
        askers.append(Asker(actor, weight, actor.name in data["own_keys"], favourites))
    return askers
