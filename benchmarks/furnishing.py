"""Houses that already have people and personas in them, for the pages to draw."""

from datetime import UTC, datetime
from typing import Any

from uuid_utils.compat import uuid7

from db.models.personas import Persona, PersonaVersion
from db.repositories.listing import listing
from engine.accounts.actor import Actor, Role
from engine.personas.seed import shipped
from engine.personas.spec import Visibility
from engine.settings import load_settings
from engine.studio import Studio, open_studio

PASSWORD = "correct horse battery"  # noqa: S105  of nobody
PEOPLE = ("Noor Haddad", "Rosa Lind")
OWN_SHARE = 10
"""One in so many personas is the reader's own; a colleague shares the others."""


class Furnisher:
    """Works on the data folder that its environment names."""

    def furnish(self, personas: int) -> str:
        """Make so many personas beside the built-in ones; returns the session of their reader."""
        studio = open_studio(load_settings())
        try:
            for name in PEOPLE:
                studio.people.add(
                    Actor.operator(), email=_email(name), name=name, password=PASSWORD, role=Role.ADMIN, verified=True
                )
            _write_personas(studio, personas)
            return str(studio.access.sign_in(_email(PEOPLE[0]), PASSWORD).session_id)
        finally:
            studio.close()

    def close(self) -> None:
        """Nothing is left open."""


def _email(name: str) -> str:
    return f"{name.split()[0].lower()}@example.org"


def _write_personas(studio: Studio, count: int) -> None:
    contents = [spec.model_dump(mode="json") for _, spec in shipped()]
    reader, colleague = (studio.people.acting_as(Actor.operator(), _email(name)).person_id for name in PEOPLE)
    now, rows = datetime.now(UTC), list[Persona | PersonaVersion]()
    for number in range(count):
        content: dict[str, Any] = contents[number % len(contents)] | {"name": f"Persona {number}"}
        persona = Persona(
            id=uuid7(),
            owner_id=colleague if number % OWN_SHARE else reader,
            key=f"persona-{number}",
            visibility=Visibility.WORKSPACE,
            version=1,
            content=content,
            created_at=now,
            updated_at=now,
            **listing(f"persona-{number}", content),
        )
        rows.append(persona)
        rows.append(PersonaVersion(persona_id=persona.id, number=1, content=content, note="", created_at=now))
    with studio.database.write() as unit:
        unit.session.add_all(rows)


def work() -> Any:
    """The worker."""
    return Furnisher()
