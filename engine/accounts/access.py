"""How a visitor becomes an actor: the setup link, sign-in, and the sessions that pages ask for.

Every run of a page looks the session's row up again, so sign-out, disabling and a changed password bite at the
next click.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from db.models.people import OneTimeToken
from db.session import Database
from engine.accounts import passwords
from engine.accounts.actor import Actor, Role, Standing
from engine.accounts.people import actor_of, clean_email, clean_name, new_person
from engine.accounts.rights import open_to_anyone
from engine.accounts.sessions import Ticket, Visitor, alive, digest, open_session
from engine.errors import BadInput

SETUP_LASTS = timedelta(hours=24)
SEEN_AGAIN_AFTER = timedelta(minutes=5)
NO_MATCH = "E-mail or password does not match."


class Access:
    """Sign-in and sessions. Takes no actor: it is where actors come from."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], public_url: str) -> None:
        self._database = database
        self._clock = clock
        self._public_url = public_url.rstrip("/")

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
    def create_first_admin(self, token: str, *, email: str, name: str, password: str) -> Ticket:
        """Make the first administrator and sign them in.

        Raises BadInput for a field that is refused (the link stays good) and for a link that is used or too old.
        """
        address, tidy_name = clean_email(email), clean_name(name)
        password_hash = passwords.hashed(password)
        now = self._clock()
        with self._database.write() as unit:
            used = unit.tokens.use(digest(token), "setup", now)
            if used is None or not unit.people.lock_first_admin():
                raise BadInput(
                    "This setup link was used already or is too old.",
                    field="Setup link",
                    hint="Restart the studio: while there is no administrator it prints a new link.",
                )
            row = new_person(
                unit,
                email=address,
                name=tidy_name,
                password_hash=password_hash,
                role=Role.ADMIN,
                verified_at=now,
                now=now,
            )
            return open_session(unit, row, Visitor(), self._clock())

    @open_to_anyone
    def sign_in(self, email: str, password: str) -> Ticket:
        """Open a session. Raises BadInput with the same words for every cause, after the same work."""
        try:
            address = clean_email(email)
        except BadInput:
            address = ""
        with self._database.read() as unit:
            row = unit.people.by_email(address) if address else None
        stored = row.password_hash if row is not None and row.disabled_at is None else ""
        if not passwords.matches(password, stored) or row is None:
            raise BadInput(NO_MATCH, hint="Check both and try again.")
        with self._database.write() as unit:
            return open_session(unit, row, Visitor(), self._clock())

    @open_to_anyone
    def redeem(self, code: str) -> str | None:
        """Trade a one-time code for the token of the cookie; None when it is unknown, used or too old."""
        token = secrets.token_urlsafe(32)
        with self._database.write() as unit:
            session_id = unit.sessions.by_code_hash_for_redeem(digest(code), self._clock())
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
