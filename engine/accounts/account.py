"""One's own account: who one is, how one signs in, and where one is signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from slugify import slugify

from db.models.people import Person as PersonRow
from db.session import Database
from engine.accounts import passwords
from engine.accounts.actor import Actor, Role
from engine.accounts.audit import record
from engine.accounts.people import clean_name
from engine.accounts.rights import Right, needs
from engine.accounts.second_factor import Enrolment, SecondFactors
from engine.accounts.sessions import alive
from engine.accounts.throttle import Pace, take
from engine.errors import BadInput, Forbidden, NotFound

PASSWORDS = Pace("own-password", most=5, window=timedelta(minutes=5))
FIRST_CODES = Pace("first-code", most=10, window=timedelta(minutes=5))
SHORTEST_HANDLE, LONGEST_HANDLE = 2, 32


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person sees of themselves. `identities` are the issuers that vouch for them."""

    email: str
    name: str
    handle: str
    role: Role
    verified: bool
    department: str | None
    has_password: bool
    identities: tuple[str, ...]
    second_factor: bool
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A browser in which a person is signed in."""

    id: UUID
    device: str
    address: str
    opened_at: datetime
    seen_at: datetime


class Account:
    """What a person does with their own account; of anybody else's it knows nothing."""

    def __init__(self, database: Database, factors: SecondFactors, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._factors = factors
        self._clock = clock

    @needs(Right.USE)
    def profile(self, actor: Actor) -> Profile:
        """The actor's own profile."""
        with self._database.read() as unit:
            row = _own(actor, unit.people.by_id)
            department = unit.departments.by_id(row.department_id) if row.department_id else None
            return Profile(
                email=row.email,
                name=row.name,
                handle=row.handle,
                role=Role(row.role),
                verified=row.verified_at is not None,
                department=department.name if department else None,
                has_password=row.password_hash != "",
                identities=tuple(sorted(found.issuer for found in unit.identities.of(row.id))),
                second_factor=unit.second_factors.in_force(row.id),
                joined_at=row.created_at,
            )

    @needs(Right.USE)
    def rename(self, actor: Actor, name: str) -> None:
        """Go by another name. Raises BadInput."""
        tidy = clean_name(name)
        with self._database.write() as unit:
            unit.people.change(_own(actor, unit.people.for_change).id, name=tidy)

    @needs(Right.USE)
    def change_handle(self, actor: Actor, handle: str) -> None:
        """Be known by another handle: lower-case letters, digits and hyphens, and nobody else's. Raises BadInput."""
        wish = handle.strip().removeprefix("@").lower()
        usual = slugify(wish, max_length=LONGEST_HANDLE)
        if wish != usual or len(wish) < SHORTEST_HANDLE:
            raise BadInput(
                f"A handle has {SHORTEST_HANDLE} to {LONGEST_HANDLE} letters from a to z, digits and single hyphens.",
                field="Handle",
                hint=f"“{usual}” would do." if len(usual) >= SHORTEST_HANDLE else "",
            )
        with self._database.write() as unit:
            row = _own(actor, unit.people.for_change)
            if row.handle == wish:
                return
            if not unit.people.take_handle(row.id, wish):
                raise BadInput("Somebody goes by that handle already.", field="Handle", hint="Choose another.")
            record(unit, row.id, "person.handle", "person", row.id, self._clock())

    @needs(Right.USE)
    def change_password(self, actor: Actor, session_id: UUID, *, old: str, new: str) -> None:
        """Change the password, or set a first one (`old` is not looked at then).

        Ends every session of the person but this one, and what was mailed for a new password. Raises BadInput,
        TooManyTries.
        """
        passwords.check_rule(new)
        row = self._with_password(actor, old, field="Current password", may_have_none=True)
        password_hash, now = passwords.hashed(new), self._clock()
        with self._database.write() as unit:
            if _own(actor, unit.people.for_change).password_hash != row.password_hash:
                raise BadInput("The password was changed elsewhere just now.", field="Current password")
            unit.people.set_password(row.id, password_hash)
            unit.sessions.carry(session_id, row.id)
            unit.tokens.drop_of(row.id, "reset")
            record(unit, row.id, "password.change", "person", row.id, now)

    @needs(Right.USE)
    def sessions(self, actor: Actor) -> list[SessionLine]:
        """Where the actor is signed in, the last seen first."""
        now = self._clock()
        with self._database.read() as unit:
            row = _own(actor, unit.people.by_id)
            found = [session for session in unit.sessions.of(row.id) if alive(session, row, now)]
        return [
            SessionLine(
                id=session.id,
                device=device(session.agent),
                address=session.address,
                opened_at=session.created_at,
                seen_at=session.last_seen_at,
            )
            for session in found
        ]

    @needs(Right.USE)
    def end_session(self, actor: Actor, session_id: UUID) -> None:
        """Sign out of one browser. Raises NotFound."""
        now = self._clock()
        with self._database.write() as unit:
            row = _own(actor, unit.people.by_id)
            if not unit.sessions.revoke_of(row.id, now, only=session_id):
                raise NotFound("There is no such session.", hint="It has ended already.")
            record(unit, row.id, "session.end", "person", row.id, now, after={"sessions": "one"})

    @needs(Right.USE)
    def end_others(self, actor: Actor, session_id: UUID) -> None:
        """Sign out of every browser but this one."""
        now = self._clock()
        with self._database.write() as unit:
            row = _own(actor, unit.people.by_id)
            if unit.sessions.revoke_of(row.id, now, but=session_id):
                record(unit, row.id, "session.end", "person", row.id, now, after={"sessions": "all others"})

    @needs(Right.USE)
    def begin_second_factor(self, actor: Actor, password: str) -> None:
        """Make a secret for an authenticator app, in place of one that was begun; in force once it is confirmed.

        Asks for the password: whoever finds an open tab could otherwise lock its owner out. Raises BadInput also while
        one is in force, for an address that is not proved, and without a password to guard; TooManyTries.
        """
        with self._database.read() as unit:
            row = _own(actor, unit.people.by_id)
        if row.verified_at is None:
            raise BadInput("Your address is not proved yet.", field="Code", hint="Enter the code we mailed first.")
        if not row.password_hash:
            raise BadInput(
                "A second factor guards a password, and you have none.", field="Code", hint="Set a password first."
            )
        self._with_password(actor, password, field="Password")
        with self._database.write() as unit:
            row = _own(actor, unit.people.for_change)
            self._factors.begin(unit, row.id, row.email)

    @needs(Right.USE)
    def pending_second_factor(self, actor: Actor) -> Enrolment:
        """What the app has to scan, until it is confirmed. Raises BadInput when nothing was begun."""
        with self._database.write() as unit:
            row = _own(actor, unit.people.by_id)
            return self._factors.pending(unit, row.id, row.email)

    @needs(Right.USE)
    def confirm_second_factor(self, actor: Actor, code: str) -> list[str]:
        """Put the second factor in force, and return the recovery codes, which are not shown again.

        Raises BadInput, TooManyTries.
        """
        now = self._clock()
        with self._database.write() as unit:
            take(unit, FIRST_CODES, str(actor.person_id), now=now)
        with self._database.write() as unit:
            row = _own(actor, unit.people.for_change)
            codes = self._factors.confirm(unit, row.id, code, now)
            record(unit, row.id, "second_factor.confirm", "person", row.id, now)
            return codes

    @needs(Right.USE)
    def remove_second_factor(self, actor: Actor, password: str) -> None:
        """Sign in by password alone again. Raises BadInput, TooManyTries."""
        row = self._with_password(actor, password, field="Password")
        with self._database.write() as unit:
            if unit.second_factors.of(row.id) is None:
                raise BadInput("There is no second factor to remove.", field="Code")
            unit.second_factors.remove(row.id)
            record(unit, row.id, "second_factor.remove", "person", row.id, self._clock())

    def _with_password(self, actor: Actor, password: str, *, field: str, may_have_none: bool = False) -> PersonRow:
        """The person, once they have shown that they know their password. Raises BadInput, TooManyTries."""
        now = self._clock()
        with self._database.write() as unit:
            row = _own(actor, unit.people.by_id)
            take(unit, PASSWORDS, str(row.id), now=now)
        if may_have_none and not row.password_hash:
            return row
        if not passwords.matches(password, row.password_hash):
            raise BadInput("That is not your password.", field=field, hint="Nothing was changed. Try again.")
        with self._database.write() as unit:
            unit.throttles.forget(PASSWORDS.bucket(str(row.id)))
        return row


def device(agent: str) -> str:
    """A browser in words, by what it calls itself: "Chrome on Linux"."""
    from ua_parser import parse  # a second of work when first used, and only this list needs it

    found = parse(agent)
    browser = found.user_agent.family if found.user_agent else "Unknown browser"
    system = found.os.family.replace("Mac OS X", "macOS") if found.os else ""
    return f"{browser} on {system}" if system else browser


def _own(actor: Actor, find: Callable[[UUID], PersonRow | None]) -> PersonRow:
    """The actor's own row, as it is now."""
    row = find(actor.person_id) if actor.person_id else None
    if row is None or row.disabled_at is not None:
        raise Forbidden("Only somebody with an account can do that.", hint="Sign in first.")
    return row
