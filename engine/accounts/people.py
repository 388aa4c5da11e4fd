"""People: who they are, and the rules for a name, an address and a handle."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from slugify import slugify
from uuid_utils.compat import uuid7

from db.models.people import Person as PersonRow
from db.repositories.people import PeopleFilter, State
from db.session import Database
from db.unit import Unit
from engine.accounts import passwords
from engine.accounts.actor import Actor, Role, Standing
from engine.accounts.audit import record
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound

LONGEST_NAME = 80
MOST_FOUND = 200
NO_SUCH_PERSON = "There is no such person here."


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
    department_id: UUID | None = None
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """One page of a search, and how many there are on all pages."""

    total: int
    people: list[Person]


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


def keep_an_admin(unit: Unit, person_id: UUID) -> None:
    """Raise BadInput when this person is the last administrator who may come in.

    Call it before anything else is changed: the administrators then stay as they are until the transaction ends,
    and two who shut each other out at one moment come one after the other.
    """
    if unit.people.lock_admins() == [person_id]:
        raise BadInput(
            "This is the last administrator: without one nobody could manage the house.",
            field="Role",
            hint="Make somebody else an administrator first.",
        )


class People:
    """What administrators and the operator do with people. Every act is written to the audit log."""

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
            _note(unit, actor, "add", row.id, now, after={"role": role.value, "verified": verified})
            return _person(row)

    @needs(Right.MANAGE_PEOPLE)
    def all(self, actor: Actor) -> list[Person]:
        """Everybody, oldest first."""
        with self._database.read() as unit:
            return _people(unit, unit.people.all())

    @needs(Right.MANAGE_PEOPLE)
    def search(
        self,
        actor: Actor,
        text: str = "",
        *,
        role: Role | None = None,
        department_id: UUID | None = None,
        state: State = "",
        skip: int = 0,
        most: int = 50,
    ) -> FoundPeople:
        """People by name; each word of `text` is in their name, address or handle.

        Whoever is disabled is found by the state "disabled" and by none of the others. At most 200 at a time.
        """
        wanted = PeopleFilter(text, role, department_id, state)
        with self._database.read() as unit:
            rows = unit.people.page(wanted, skip=max(skip, 0), most=min(max(most, 0), MOST_FOUND))
            return FoundPeople(unit.people.count(wanted), _people(unit, rows))

    @needs(Right.MANAGE_PEOPLE)
    def one(self, actor: Actor, person_id: UUID) -> Person:
        """A person. Raises NotFound."""
        with self._database.read() as unit:
            row = unit.people.by_id(person_id)
            if row is None:
                raise NotFound(NO_SUCH_PERSON, hint="The list shows who is here.")
            return _people(unit, [row])[0]

    @needs(Right.MANAGE_PEOPLE)
    def by_email(self, actor: Actor, email: str) -> Person:
        """The person with an address. Raises NotFound."""
        with self._database.read() as unit:
            return _people(unit, [_at(unit, email)])[0]

    @needs(Right.MANAGE_PEOPLE)
    def remove_second_factor(self, actor: Actor, person_id: UUID) -> Person:
        """Let a person who lost their device and their codes sign in by password alone. Raises NotFound, BadInput."""
        with self._changing(person_id) as (unit, row):
            if unit.second_factors.of(person_id) is None:
                raise BadInput(f"{row.name} has no second factor.", field="Code", hint="They sign in by password.")
            unit.second_factors.remove(person_id)
            record(unit, actor.person_id, "second_factor.remove", "person", person_id, self._clock())
        return self.one(actor, person_id)

    @needs(Right.MANAGE_PEOPLE)
    def verify(self, actor: Actor, email: str) -> Person:
        """Take an address as proved. Raises NotFound."""
        with self._database.read() as unit:
            person_id = _at(unit, email).id
        return self.verify_by_hand(actor, person_id)

    @needs(Right.MANAGE_PEOPLE)
    def verify_by_hand(self, actor: Actor, person_id: UUID) -> Person:
        """Take a person's address as proved. Raises NotFound."""
        with self._changing(person_id) as (unit, row):
            if row.verified_at is None:
                now = self._clock()
                unit.people.set_verified(row.id, now)
                _note(unit, actor, "verify", row.id, now, before={"verified": False}, after={"verified": True})
        return self.one(actor, person_id)

    @needs(Right.MANAGE_PEOPLE)
    def set_role(self, actor: Actor, person_id: UUID, role: Role) -> Person:
        """Say what a person may administer. Raises NotFound, and BadInput for the last administrator."""
        with self._changing(person_id, loses_admin=role is not Role.ADMIN) as (unit, row):
            before = row.role
            if before != role:
                unit.people.change(row.id, role=role.value)
                if role is Role.ADMIN:
                    unit.people.lock_first_admin()
                _note(unit, actor, "role", row.id, self._clock(), before={"role": before}, after={"role": role.value})
        return self.one(actor, person_id)

    @needs(Right.MANAGE_PEOPLE)
    def set_department(self, actor: Actor, person_id: UUID, department_id: UUID | None) -> Person:
        """Put a person into a department, or into none. Raises NotFound for either."""
        with self._changing(person_id) as (unit, row):
            if department_id is not None and not unit.departments.hold(department_id):
                raise NotFound("There is no such department.", hint="It was removed, perhaps in another tab.")
            before = row.department_id
            if before != department_id:
                unit.people.change(row.id, department_id=department_id)
                _note(
                    unit,
                    actor,
                    "department",
                    row.id,
                    self._clock(),
                    before={"department_id": before and str(before)},
                    after={"department_id": department_id and str(department_id)},
                )
        return self.one(actor, person_id)

    @needs(Right.MANAGE_PEOPLE)
    def disable(self, actor: Actor, person_id: UUID) -> Person:
        """Keep a person out from now on; what is theirs stays. Raises NotFound, and BadInput for the last admin.

        Their sessions end for good: none of them comes back when the person is let in again.
        """
        with self._changing(person_id, loses_admin=True) as (unit, row):
            if row.disabled_at is None:
                now = self._clock()
                unit.people.change(row.id, disabled_at=now)
                unit.people.end_sessions(row.id)
                _note(unit, actor, "disable", row.id, now, before={"disabled": False}, after={"disabled": True})
        return self.one(actor, person_id)

    @needs(Right.MANAGE_PEOPLE)
    def enable(self, actor: Actor, person_id: UUID) -> Person:
        """Let a disabled person in again; they sign in anew. Raises NotFound."""
        with self._changing(person_id) as (unit, row):
            if row.disabled_at is not None:
                unit.people.change(row.id, disabled_at=None)
                _note(
                    unit, actor, "enable", row.id, self._clock(), before={"disabled": True}, after={"disabled": False}
                )
        return self.one(actor, person_id)

    @needs(Right.MANAGE_PEOPLE)
    def sign_out_everywhere(self, actor: Actor, person_id: UUID) -> None:
        """End every session of a person, for good. Raises NotFound."""
        with self._changing(person_id) as (unit, row):
            unit.people.end_sessions(row.id)
            _note(unit, actor, "sign_out", row.id, self._clock())

    @needs(Right.MANAGE_PEOPLE)
    def acting_as(self, actor: Actor, email: str) -> Actor:
        """The actor that a person is: the command line's `--as`. Raises NotFound."""
        with self._database.read() as unit:
            return actor_of(_at(unit, email))

    @contextmanager
    def _changing(self, person_id: UUID, *, loses_admin: bool = False) -> Iterator[tuple[Unit, PersonRow]]:
        """A transaction in which nobody else changes the person. Raises NotFound."""
        with self._database.write() as unit:
            if loses_admin:
                keep_an_admin(unit, person_id)
            row = unit.people.for_change(person_id)
            if row is None:
                raise NotFound(NO_SUCH_PERSON, hint="The list shows who is here.")
            yield unit, row


def _note(
    unit: Unit,
    actor: Actor,
    verb: str,
    person_id: UUID,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    record(unit, actor.person_id, f"person.{verb}", "person", person_id, now, before=before, after=after)


def _at(unit: Unit, email: str) -> PersonRow:
    row = unit.people.by_email(clean_email(email))
    if row is None:
        raise NotFound(f"Nobody here has the address {email}.", hint="`people list` shows who is here.")
    return row


def _people(unit: Unit, rows: list[PersonRow]) -> list[Person]:
    seen = unit.people.last_seen(row.id for row in rows)
    return [_person(row, seen.get(row.id)) for row in rows]


def _person(row: PersonRow, last_seen_at: datetime | None = None) -> Person:
    return Person(
        id=row.id,
        email=row.email,
        name=row.name,
        handle=row.handle,
        role=Role(row.role),
        verified=row.verified_at is not None,
        disabled=row.disabled_at is not None,
        created_at=row.created_at,
        department_id=row.department_id,
        last_seen_at=last_seen_at,
    )
