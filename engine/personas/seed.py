"""The personas that ship in `builtin/`, one YAML file each; they become rows that admins keep."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import yaml
from uuid_utils.compat import uuid7

from db.models.personas import Persona as PersonaRow
from db.session import Database
from engine.personas.spec import PersonaSpec, Visibility

FOLDER = Path(__file__).parent / "builtin"
DEFAULT_PERSONA = "general"


def shipped() -> Iterator[tuple[str, PersonaSpec]]:
    """Key and content of each file, the default persona first."""
    for path in sorted(FOLDER.glob("*.yaml"), key=lambda path: (path.stem != DEFAULT_PERSONA, path.stem)):
        yield path.stem, PersonaSpec.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def seed(database: Database, now: datetime) -> None:
    """Add the built-ins that are missing. Rows that exist are left as admins made them, removed ones too."""
    with database.read() as unit:
        present = unit.personas.keys_of(None)
    missing = [(key, spec) for key, spec in shipped() if key not in present]
    if not missing:
        return
    with database.write() as unit:
        for key, spec in missing:
            row = PersonaRow(
                id=uuid7(),
                owner_id=None,
                key=key,
                visibility=Visibility.WORKSPACE,
                version=1,
                content=spec.model_dump(mode="json"),
                created_at=now,
                updated_at=now,
            )
            unit.personas.add(row, note="As shipped", author_id=None)
