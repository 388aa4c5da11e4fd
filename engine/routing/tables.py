"""The routing tables as data: profiles, surfaces and modes, from the YAML files beside this one or an edited copy."""

import json
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Protocol

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Standing
from engine.errors import BadInput
from engine.providers import PROVIDERS

FOLDER = Path(__file__).parent
CHOSEN_BY_USER = "user-chosen"
SETTING = "routing"
_CONDITION = re.compile(r"context_tokens\s*>\s*(\d{1,9})")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Surface(_Table):
    """A place a call comes from. A profile pins it; `structured_model_profile` pins structured calls."""

    standing: Standing
    mode: str = "general"
    model_profile: str | None = None
    structured_model_profile: str | None = None
    enabled: bool = True


class ModeStep(_Table):
    """Who shall take one step of a mode's pipeline: a profile, at one provider when it is named.

    `when` holds it back until the prompt is long: `context_tokens > 32000`, the one condition there is.
    """

    profile: str
    provider: str | None = None
    when: Annotated[str, Field(pattern=rf"^{_CONDITION.pattern}$")] | None = None

    def applies(self, context_tokens: int) -> bool:
        """Whether the condition holds for a prompt of this size."""
        found = _CONDITION.fullmatch(self.when or "")
        return found is None or context_tokens > int(found[1])


class Mode(_Table):
    """A way of answering. `steps` make it a pipeline; a step counts as the mode's proposal for its call."""

    title: str
    description: str
    model_profile: str | None = None
    steps: dict[str, ModeStep] = {}


class Tables(_Table):
    """All three tables."""

    default: str
    unverified: str
    stand_in: str
    providers: tuple[str, ...]
    profiles: dict[str, dict[str, tuple[str, ...]]]
    surfaces: dict[str, Surface]
    modes: dict[str, Mode]
    fallback: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_exist(self) -> "Tables":
        """Refuse a table that names what is not there."""
        for where, name in self._named_profiles():
            if name not in self.profiles:
                raise ValueError(f"{where}: there is no profile {name!r}")
        for key, surface in self.surfaces.items():
            if surface.mode not in self.modes:
                raise ValueError(f"surface {key}: there is no mode {surface.mode!r}")
        steps = [step.provider for mode in self.modes.values() for step in mode.steps.values() if step.provider]
        named = [*self.providers, *steps, *(name for cells in self.profiles.values() for name in cells)]
        if unknown := next((name for name in named if name not in PROVIDERS), None):
            raise ValueError(f"there is no provider {unknown!r}")
        return self

    def _named_profiles(self) -> list[tuple[str, str]]:
        """Every place that names a profile, and the name."""
        named = [("default", self.default), ("unverified", self.unverified), ("stand_in", self.stand_in)]
        named += [("fallback", name) for name in self.fallback]
        for key, surface in self.surfaces.items():
            pins = (surface.model_profile, surface.structured_model_profile)
            named += [(f"surface {key}", pin) for pin in pins if pin]
        for key, mode in self.modes.items():
            proposals = [mode.model_profile, *(step.profile for step in mode.steps.values())]
            named += [(f"mode {key}", name) for name in proposals if name]
        return named

    def now(self, unit: Unit | None = None) -> "Tables":
        """The tables in force: these."""
        return self

    @cached_property
    def profile_names(self) -> tuple[str, ...]:
        """The profiles, in the order of the file."""
        return tuple(self.profiles)

    def surface(self, key: str) -> Surface:
        """A surface by key. Raises BadInput that lists the known ones."""
        if key not in self.surfaces:
            raise BadInput(f"There is no surface {key!r}.", field="Surface", hint=f"Known: {', '.join(self.surfaces)}.")
        return self.surfaces[key]

    def mode(self, key: str) -> Mode:
        """A mode by key. Raises BadInput that lists the known ones."""
        if key not in self.modes:
            raise BadInput(f"There is no mode {key!r}.", field="Mode", hint=f"Known: {', '.join(self.modes)}.")
        return self.modes[key]


class TableSource(Protocol):
    """Where the tables in force come from."""

    def now(self, unit: Unit | None = None) -> Tables:
        """The tables in force, read in a transaction that is open already, if there is one."""


class TableBook:
    """The shipped tables, or what administrators made of them. Read afresh for each call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self, unit: Unit | None = None) -> Tables:
        """The tables in force, read in a transaction that is open already, if there is one."""
        if unit is None:
            with self._database.read() as own:
                return self.now(own)
        edited = unit.house.get(SETTING)
        return load_tables() if edited is None else _parsed(json.dumps(edited, sort_keys=True))


@cache
def load_tables() -> Tables:
    """The three files."""
    read = {name: yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")) for name in ("surfaces", "modes")}
    return Tables.model_validate({**yaml.safe_load((FOLDER / "profiles.yaml").read_text("utf-8")), **read})


def checked(edited: dict[str, Any]) -> Tables:
    """Edited tables. Raises BadInput that names what is wrong."""
    try:
        return Tables.model_validate(edited)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = " · ".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise BadInput(
            f"The routing was not saved: {f'{where}: ' if where else ''}{said}.",
            field=where or "Routing",
            hint="Correct it and save again; everything you changed is still here.",
        ) from None


@cache
def _parsed(text: str) -> Tables:
    """Edited tables in the order of the shipped ones, which a database does not keep.

    Places and modes that came with a later version are as shipped: nobody can have edited them.
    """
    edited, shipped = json.loads(text), load_tables()
    since = shipped.model_dump(mode="json", include={"surfaces", "modes"})
    edited |= {name: rows | edited[name] for name, rows in since.items()}
    for name in ("profiles", "surfaces", "modes"):
        edited[name] = _in_order(edited[name], getattr(shipped, name))
    for key, mode in edited["modes"].items():
        mode["steps"] = _in_order(mode["steps"], shipped.modes[key].steps if key in shipped.modes else {})
    return Tables.model_validate(edited)


def _in_order(found: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in [*(name for name in like if name in found), *sorted(found.keys() - like)]}
