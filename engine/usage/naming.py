"""What the values of usage are called: people, departments and personas by the names of today."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from db.models.base import NOBODY
from db.unit import Unit

NOBODYS = {"person": "Operator", "department": "No department", "persona": "No persona"}
PAYERS = {"env": "House (environment)", "system": "House", "user": "Own keys"}
TIERS = {1: "Free tries", 2: "Plans", 3: "Own keys"}

Names = Mapping[Any, str]


def names_of(unit: Unit, dimension: str, values: Iterable[Any]) -> Names:
    """The names of values of one dimension. Whoever is gone goes by the end of an id."""
    wanted = set(values)
    if dimension == "person":
        return _of_ids(unit.people.names(wanted), wanted, "person")
    if dimension == "department":
        return _of_ids(unit.departments.names(wanted), wanted, "department")
    if dimension == "persona":
        return {"": NOBODYS["persona"]} | {key: key for key in wanted if key} | unit.usage.persona_names(wanted)
    if dimension == "key_source":
        return {value: PAYERS.get(value, value) for value in wanted}
    if dimension == "tier":
        return {value: TIERS.get(value, str(value)) for value in wanted}
    return {value: str(value) for value in wanted}


def _of_ids(known: Mapping[UUID, str], wanted: Iterable[UUID], dimension: str) -> Names:
    gone = {each: f"deleted …{each.hex[-6:]}" for each in wanted}
    return gone | dict(known) | {NOBODY: NOBODYS[dimension]}
