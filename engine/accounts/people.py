"""People: who they are, and the rules for a name, an address and a handle."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from slugify import slugify
from uuid_utils.compat import uuid7

from db.models.people import Person as PersonRow
from db.session import Database, Unit
from engine.accounts import passwords
from engine.accounts.actor import Actor, Role, Standing
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Person:
    """A person as an administrator sees them."""

    id: UUID
    email: str
    name: str
    handle: str
    role: Role
    verified: bool
    disabled: bool
    created_at: datetime


def actor_of(row: PersonRow) -> Actor:
    """The actor behind a person's row."""
    standing = Standing.VERIFIED if row.verified_at else Standing.UNVERIFIED
    return Actor(
        person_id=row.id,
        role=Role(row.role),
        standing=Standing.BLOCKED if row.disabled_at else standing,
        name=row.name,
        handle=row.handle,
        email=row.email,
        department_id=row.department_id,
    )


def clean_email(email: str) -> str:
    """The address in the one spelling that is stored. Raises BadInput."""
    try:
        return validate_email(email.strip(), check_deliverability=False, globally_deliverable=False).normalized.lower()
    except (EmailNotValidError, ValueError) as problem:
        raise BadInput(f"That e-mail address cannot be right: {problem}", field="E-mail") from None


def clean_name(name: str) -> str:
    """A name on one line. Raises BadInput when it is empty or too long."""
    tidy = " ".join(name.split())
    if not tidy or not tidy.isprintable():
        raise BadInput("A name is needed, in visible characters.", field="Name")
    if len(tidy) > LONGEST_NAME:
        raise BadInput(f"The name is longer than {LONGEST_NAME} characters.", field="Name")
    return tidy


def new_person(
    unit: Unit, *, email: str, name: str, password_hash: str, role: Role, verified_at: datetime | None, now: datetime
) -> PersonRow:
    """Store a person under a free handle. Raises BadInput when the address is taken."""
    if unit.people.by_email(email) is not None:
        raise BadInput(
            "Somebody with that e-mail address is here already.", field="E-mail", hint="Sign in with it instead."
        )
    wish = slugify(name, max_length=32) or "person"
    handle, number = wish, 2
    while unit.people.handle_taken(handle):
        handle, number = f"{wish}-{number}", number + 1
    row = PersonRow(
        id=uuid7(),
        email=email,
        name=name,
        handle=handle,
        password_hash=password_hash,
        role=role,
        verified_at=verified_at,
        token_version=1,
        created_at=now,
    )
    if not unit.people.add(row):
        raise BadInput("Somebody took that e-mail address just now.", field="E-mail")
    return row


class People:
    """What administrators and the operator do with people."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.MANAGE_PEOPLE)
    def add(
        self,
        actor: Actor,
        *,
        email: str,
        name: str = "",
        password: str = "",
        role: Role = Role.USER,
        verified: bool = False,
    ) -> Person:
        """Add a person; without a password they cannot sign in until one is set. Raises BadInput."""
        address = clean_email(email)
        now = self._clock()
        password_hash = passwords.hashed(password) if password else ""
        with self._database.write() as unit:
            row = new_person(
                unit,
                email=address,
                name=clean_name(name or address.partition("@")[0]),
                password_hash=password_hash,
                role=role,
                verified_at=now if verified else None,
                now=now,
            )
            if role is Role.ADMIN:
                unit.people.lock_first_admin()
            return _person(row)

    @needs(Right.MANAGE_PEOPLE)
    def all(self, actor: Actor) -> list[Person]:
        """Everybody, oldest first."""
        with self._database.read() as unit:
            return [_person(row) for row in unit.people.all()]

    @needs(Right.MANAGE_PEOPLE)
    def verify(self, actor: Actor, email: str) -> Person:
        """Take an address as proved. Raises NotFound."""
        with self._database.write() as unit:
            row = unit.people.by_email(clean_email(email))
            if row is None:
                raise NotFound(f"Nobody here has the address {email}.", hint="`people list` shows who is here.")
            if row.verified_at is None:
                unit.people.set_verified(row.id, self._clock())
            return _person(row)

    @needs(Right.MANAGE_PEOPLE)
    def acting_as(self, actor: Actor, email: str) -> Actor:
        """The actor that a person is: the command line's `--as`. Raises NotFound."""
        with self._database.read() as unit:
            row = unit.people.by_email(clean_email(email))
        if row is None:
            raise NotFound(f"Nobody here has the address {email}.", hint="`people add` makes a person.")
        return actor_of(row)


def _person(row: PersonRow) -> Person:
    return Person(
        id=row.id,
        email=row.email,
        name=row.name,
        handle=row.handle,
        role=Role(row.role),
        verified=row.verified_at is not None,
        disabled=row.disabled_at is not None,
        created_at=row.created_at,
    )
