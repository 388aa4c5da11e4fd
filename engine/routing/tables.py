"""The routing tables as data: profiles, surfaces and modes, read from the YAML files beside this one."""

from functools import cached_property
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from engine.accounts.actor import Standing
from engine.errors import BadInput

FOLDER = Path(__file__).parent
CHOSEN_BY_USER = "user-chosen"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Surface(_Table):
    """A place a call comes from. A profile pins it; `structured_model_profile` pins structured calls."""

    standing: Standing
    mode: str = "general"
    model_profile: str | None = None
    structured_model_profile: str | None = None
    enabled: bool = True


class Mode(_Table):
    """A way of answering."""

    title: str
    description: str
    model_profile: str | None = None


class Tables(_Table):
    """All three tables."""

    default: str
    unverified: str
    stand_in: str
    providers: tuple[str, ...]
    profiles: dict[str, dict[str, tuple[str, ...]]]
    surfaces: dict[str, Surface]
    modes: dict[str, Mode]

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


def load_tables() -> Tables:
    """Read the three files."""
    read = {name: yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")) for name in ("surfaces", "modes")}
    return Tables.model_validate({**yaml.safe_load((FOLDER / "profiles.yaml").read_text("utf-8")), **read})
