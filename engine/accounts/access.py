"""How a visitor becomes an actor: the setup link, sign-in, and the sessions that pages ask for.

Every run of a page looks the session's row up again, so sign-out, disabling and a changed password bite at the
next click.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from db.models.people import Identity, OneTimeToken
from db.models.people import Person as PersonRow
from db.session import Database
from db.unit import Unit
from engine.accounts import passwords
from engine.accounts.actor import Actor, Role, Standing
from engine.accounts.audit import record
from engine.accounts.people import LONGEST_NAME, actor_of, clean_email, clean_name, new_person
from engine.accounts.policy import SignUpPolicy
from engine.accounts.rights import open_to_anyone
from engine.accounts.second_factor import SecondFactors
from engine.accounts.sessions import Ticket, Visitor, alive, digest, open_session
from engine.accounts.sign_in_tries import SignInTries, account_text, forgive
from engine.errors import BadInput, CodeNeeded, Forbidden

SETUP_LASTS = timedelta(hours=24)
SEEN_AGAIN_AFTER = timedelta(minutes=5)
NO_MATCH = "E-mail or password does not match."
HERE = Visitor()


def enter(unit: Unit, person: PersonRow, visitor: Visitor, now: datetime, *, by: str) -> Ticket:
    """Open a session and write down who came in, from where and by which proof."""
    record(unit, person.id, "session.open", "person", person.id, now, after={"by": by}, address=visitor.address)
    return open_session(unit, person, visitor, now)


class Access:
    """Sign-in and sessions. Takes no actor: it is where actors come from."""

    def __init__(
        self,
        database: Database,
        factors: SecondFactors,
        policy: SignUpPolicy,
        *,
        clock: Callable[[], datetime],
        public_url: str,
    ) -> None:
        self._database = database
        self._factors = factors
        self._policy = policy
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._tries = SignInTries(database, clock=clock)

    @open_to_anyone
    def setup_open(self) -> bool:
        """Whether the studio still waits for its first administrator."""
        with self._database.read() as unit:
            return unit.people.count_admins() == 0

    @open_to_anyone
    def new_setup_link(self) -> str | None:
        """A fresh link that makes the first administrator; None when there is one. Older links end."""
        if not self.setup_open():
            return None
        token = secrets.token_urlsafe(32)
        with self._database.write() as unit:
            unit.tokens.drop_unused("setup")
            expires_at = self._clock() + SETUP_LASTS
            unit.tokens.add(OneTimeToken(token_hash=digest(token), purpose="setup", expires_at=expires_at))
        return f"{self._public_url}/setup?token={token}"

    @open_to_anyone
    def create_first_admin(
        self, token: str, *, email: str, name: str, password: str, visitor: Visitor = HERE
    ) -> Ticket:
        """Make the first administrator and sign them in.

        Raises BadInput for a field that is refused (the link stays good) and for a link that is used or too old.
        """
        address, tidy_name = clean_email(email), clean_name(name)
        passwords.check_rule(password)
        with self._database.read() as unit:
            if unit.tokens.is_open(digest(token), "setup", self._clock()) is None:
                raise _used_link()
        password_hash = passwords.hashed(password)
        now = self._clock()
        with self._database.write() as unit:
            used = unit.tokens.use(digest(token), "setup", now)
            if used is None or not unit.people.lock_first_admin():
                raise _used_link()
            row = new_person(
                unit,
                email=address,
                name=tidy_name,
                password_hash=password_hash,
                role=Role.ADMIN,
                verified_at=now,
                now=now,
            )
            record(
                unit,
                row.id,
                "person.first_admin",
                "person",
                row.id,
                now,
                after={"role": row.role},
                address=visitor.address,
            )
            return enter(unit, row, visitor, now, by="setup link")

    @open_to_anyone
    def sign_in(self, email: str, password: str, *, code: str = "", visitor: Visitor = HERE) -> Ticket:
        """Open a session.

        Raises BadInput with the same words for an unknown account and a wrong password, after the same work: one
        transaction that counts the try, one bcrypt. (What remains is the reading of a row that is there.) Raises
        TooManyTries before any password is looked at. Whoever has a second factor and gives no code is told so by
        CodeNeeded, after the right password only; a wrong code counts as a try like any other.
        """
        account = account_text(email)
        tried = self._tries.count(account, visitor)
        row = tried.person
        stored = row.password_hash if row is not None and row.disabled_at is None else ""
        if not passwords.matches(password, stored) or row is None:
            raise BadInput(NO_MATCH, hint=tried.hint)
        now = self._clock()
        try:
            with self._database.write() as unit:
                self._factors.check(unit, row.id, code, now)
                forgive(unit, account, visitor)
                # The row as it was when its password was compared: if that was changed since, the ticket is worthless.
                return enter(unit, row, visitor, now, by="password")
        except CodeNeeded:
            raise
        except BadInput as wrong:
            raise BadInput(wrong.message, field=wrong.field, hint=tried.hint) from None

    @open_to_anyone
    def sign_in_with(
        self, issuer: str, subject: str, *, email: str, email_verified: bool, name: str, visitor: Visitor = HERE
    ) -> Ticket:
        """Open a session for whoever an OpenID provider vouches for; the caller has checked its signature.

        A person is known by issuer and subject, never by the address alone: an identity that is new is tied to an
        account only when that account's address was proved to us as well. The provider's word is enough, also for
        people with a second factor here: that one guards the password. Raises BadInput for an address that the
        provider has not verified, that an unproved password account holds, or that the sign-up policy refuses, and
        Forbidden for people who are disabled and where one joins by invitation.
        """
        if email_verified is not True or not issuer or not subject:
            raise BadInput(
                "Your address is not verified there.", field="E-mail", hint="Verify it with them, then come back."
            )
        address, now = clean_email(email), self._clock()
        with self._database.write() as unit:
            row = unit.identities.owner(issuer, subject)
            if row is None:
                row = self._tied(unit, issuer, subject, address, name, now)
            if row.disabled_at is not None:
                raise Forbidden("This account is disabled.", hint="Ask an administrator.")
            return enter(unit, row, visitor, now, by=issuer)

    def _tied(self, unit: Unit, issuer: str, subject: str, address: str, name: str, now: datetime) -> PersonRow:
        """The person that a new identity belongs to from now on."""
        row = unit.people.for_change_by_email(address)
        if row is not None and row.verified_at is None and row.password_hash:
            raise BadInput(
                "An account with that address waits for its proof.",
                field="E-mail",
                hint="Enter the code that was mailed to you, or choose “Forgot password”; then come back.",
            )
        if row is None:
            self._policy.demand(address)
            row = new_person(
                unit,
                email=address,
                name=_usable_name(name, address),
                password_hash="",
                role=Role.USER,
                verified_at=now,
                now=now,
            )
            record(unit, row.id, "person.join", "person", row.id, now, after={"by": issuer})
        elif row.verified_at is None:
            # Somebody whom an administrator added: no password, so nobody can have been in there before.
            unit.people.set_verified(row.id, now)
            unit.tokens.drop_of(row.id, "verify")
        if not unit.identities.add(Identity(issuer=issuer, subject=subject, person_id=row.id, created_at=now)):
            raise BadInput("You came in twice at the same moment.", hint="Try once more.")
        record(unit, row.id, "identity.tie", "person", row.id, now, after={"issuer": issuer})
        return row

    @open_to_anyone
    def redeem(self, code: str) -> str | None:
        """Trade a one-time code for the token of the cookie; None when it is unknown, used or too old."""
        token, code_hash = secrets.token_urlsafe(32), digest(code)
        with self._database.read() as unit:  # anybody may ask, and only who has a code is worth the writer's time
            if not unit.sessions.has_code(code_hash):
                return None
        with self._database.write() as unit:
            session_id = unit.sessions.by_code_hash_for_redeem(code_hash, self._clock())
            if session_id is None:
                return None
            unit.sessions.set_token(session_id, digest(token))
        return token

    @open_to_anyone
    def awaits_cookie(self, session_id: UUID | None) -> bool:
        """Whether the browser of a fresh session has yet to redeem its code, and still may."""
        with self._database.read() as unit:
            found = unit.sessions.with_person(session_id) if session_id else None
        if found is None or found[0].code_hash is None or found[0].code_expires_at is None:
            return False
        return found[0].code_expires_at > self._clock()

    @open_to_anyone
    def session_of(self, token: str) -> UUID | None:
        """The session behind a cookie, whatever its state."""
        with self._database.read() as unit:
            row = unit.sessions.by_token_hash(digest(token))
            return row.id if row else None

    @open_to_anyone
    def actor(self, session_id: UUID | None) -> Actor | None:
        """Who the session stands for right now; None when it has ended or the person may not come in."""
        if session_id is None:
            return None
        now = self._clock()
        with self._database.read() as unit:
            found = unit.sessions.with_person(session_id)
        if found is None or not alive(*found, now):
            return None
        session, person = found
        if now - session.last_seen_at > SEEN_AGAIN_AFTER:
            with self._database.write() as unit:
                unit.sessions.touch(session.id, now)
        actor = actor_of(person)
        return None if actor.standing is Standing.BLOCKED else actor

    @open_to_anyone
    def sign_out(self, session_id: UUID) -> None:
        """End a session everywhere."""
        with self._database.write() as unit:
            unit.sessions.revoke(session_id, self._clock())


def _used_link() -> BadInput:
    return BadInput(
        "This setup link was used already or is too old.",
        field="Setup link",
        hint="Restart the studio: while there is no administrator it prints a new link.",
    )


def _usable_name(name: str, address: str) -> str:
    """The name that a provider tells, or the first part of the address."""
    try:
        return clean_name(" ".join(name.split())[:LONGEST_NAME])
    except BadInput:
        return clean_name(address.partition("@")[0][:LONGEST_NAME])
