"""What a play runs on, and the names under which its runs are found."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.session import Database
from engine.generation import Generation
from engine.personas.catalogue import Personas
from engine.routing.router import Router
from engine.runs import Runs

SURFACE = "theatre"


@dataclass(frozen=True, slots=True)
class Backstage:
    """The parts of the house that a play needs. `deadline_s` is how long one call may take."""

    database: Database
    generation: Generation
    router: Router
    personas: Personas
    runs: Runs
    clock: Callable[[], datetime]
    deadline_s: float


def play_of(scene_id: UUID) -> str:
    """The subject of the run that plays a scene."""
    return f"scene:{scene_id}"


def words_of(turn_id: UUID) -> str:
    """The subject of the run that writes a turn."""
    return f"turn:{turn_id}"
