"""How people join and prove their mailbox, and how they get a new password: by codes and links that are mailed.

Whoever asks learns nothing about who is here: the answer and the counted tries are the same for an address with an
account and without, and mail leaves in the background. All passwords are hashed in every case and outside of
transactions, of which each method needs the same number in every case. What remains is one or two small writes in
a transaction that is committed anyway.

A mailed code proves a mailbox, and nothing about who chose the password that waits for it: an attacker may sign up
with somebody's address before them, or again after them. So a password is only taken over when code and password
come from the same browser at the same network address; else the account opens without a password (see `_settle`).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from db.models.base import NOBODY
from db.models.people import OneTimeToken
from db.models.people import Person as PersonRow
from db.session import Database
from db.unit import Unit
from engine.accounts import mails, passwords
from engine.accounts.access import HERE, enter
from engine.accounts.actor import Role
from engine.accounts.audit import record
from engine.accounts.people import clean_email, clean_name, new_person
from engine.accounts.policy import SignUpPolicy
from engine.accounts.rights import open_to_anyone
from engine.accounts.second_factor import SecondFactors
from engine.accounts.sessions import LONGEST_AGENT, Ticket, Visitor, digest
from engine.accounts.sign_in_tries import account_text, forgive, tries_left
from engine.accounts.throttle import Pace, take
from engine.errors import BadInput, CodeNeeded
from engine.mail import Mail

LASTS = timedelta(minutes=30)
SIGN_UPS = Pace("sign-up", most=5, window=timedelta(hours=1))
MAILS = Pace("mailed-code", most=3, window=timedelta(minutes=15))
LINKS = Pace("mailed-link", most=3, window=timedelta(minutes=15))
ASKED = Pace("mails-from", most=20, window=timedelta(hours=1))
CODES = Pace("code", most=5, window=LASTS)
CODES_FROM = Pace("codes-from", most=30, window=timedelta(minutes=10))
RESET_CODES = Pace("reset-code", most=5, window=timedelta(minutes=5))
WRONG_CODE = "That code is not right, or is too old."


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose when they signed up, and the mark of their browser. Counts once their code is entered."""

    password_hash: str
    name: str
    mark: str

    def payload(self) -> dict[str, Any]:
        """As it is stored with the code."""
        return {"password_hash": self.password_hash, "name": self.name, "mark": self.mark}


class Joining:
    """Sign-up, verification and reset. Takes no actor: whoever asks is nobody yet."""

    def __init__(
        self,
        database: Database,
        mail: Mail,
        factors: SecondFactors,
        policy: SignUpPolicy,
        *,
        clock: Callable[[], datetime],
        public_url: str,
    ) -> None:
        self._database = database
        self._mail = mail
        self._factors = factors
        self._policy = policy
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    @open_to_anyone
    def open_to_all(self) -> bool:
        """Whether people may sign up by themselves, all or those of some domains."""
        return self._policy.offered

    @open_to_anyone
    def sign_up(self, *, email: str, name: str, password: str, visitor: Visitor = HERE) -> None:
        """Begin an account; a code is mailed to the address, and somebody who has an account is told so there.

        Raises BadInput for a field or a domain that is refused, Forbidden where one joins by invitation,
        TooManyTries. Nothing else tells a free address from a taken one. The password of an account whose address
        is not proved stays as it is until the code of this sign-up is entered.
        """
        address, tidy_name = clean_email(email), clean_name(name)
        passwords.check_rule(password)
        self._policy.demand(address)
        now = self._clock()
        with self._database.write() as unit:
            take(unit, SIGN_UPS, visitor.address, now=now)
            take(unit, MAILS, address, now=now)
        chosen = Chosen(passwords.hashed(password), tidy_name, _mark(visitor))
        with self._database.write() as unit:
            row = _found_or_made(unit, address, chosen, now)
            code = _new_code(unit, row, now, chosen) if _unproved(row) else ""
            unit.throttles.forget(CODES.bucket(address))
        if code:
            self._send(address, mails.verification(code, self._public_url))
        elif row.disabled_at is None:
            self._send(address, mails.known_already(self._public_url))

    @open_to_anyone
    def send_code(self, email: str, visitor: Visitor = HERE) -> None:
        """Mail a new code to whoever waits for one; the one before is worthless then. Raises TooManyTries."""
        account, now = account_text(email), self._clock()
        with self._database.write() as unit:
            take(unit, MAILS, account, now=now)
            take(unit, ASKED, visitor.address, now=now)
            row = unit.people.for_change_by_email(account)
            code = _new_code(unit, row, now, None) if row is not None and _unproved(row) else ""
            unit.throttles.forget(CODES.bucket(account))
        if code:
            self._send(account, mails.verification(code, self._public_url))

    @open_to_anyone
    def verify(self, email: str, code: str, visitor: Visitor = HERE) -> Ticket:
        """Prove a mailbox by its code and sign in. Raises BadInput with the tries that are left, TooManyTries.

        When the code comes from another browser or network than the password, the account opens without a password,
        its earlier sessions end, and its owner chooses one on the account page.
        """
        account, now = account_text(email), self._clock()
        with self._database.write() as unit:
            take(unit, CODES_FROM, visitor.address, now=now)
            left = take(unit, CODES, account, now=now)
            row = unit.people.for_change_by_email(account)
            token = unit.tokens.use(_code_hash(row.id if row else NOBODY, code), "verify", now)
            if row is not None and token is not None and _unproved(row):
                row = self._settle(unit, row, token.payload or {}, visitor, now)
                unit.throttles.forget(CODES.bucket(account))
                forgive(unit, account, visitor)
                return enter(unit, row, visitor, now, by="mailed code")
        hint = tries_left(left, CODES) if left else "Ask for a new one."
        raise BadInput(WRONG_CODE, field="Code", hint=hint)

    @open_to_anyone
    def request_reset(self, email: str, visitor: Visitor = HERE) -> None:
        """Mail a link to a new password, when there is such an account. Raises TooManyTries."""
        account, now = account_text(email), self._clock()
        token = secrets.token_hex(32)
        with self._database.write() as unit:
            take(unit, LINKS, account, now=now)
            take(unit, ASKED, visitor.address, now=now)
            row = unit.people.for_change_by_email(account)
            known = row is not None and row.disabled_at is None
            if row is not None and known:
                unit.tokens.drop_of(row.id, "reset")
                unit.tokens.add(_token(digest(token), "reset", row.id, now))
        if known:
            self._send(account, mails.new_password(f"{self._public_url}/reset?token={token}"))

    @open_to_anyone
    def reset(self, token: str, password: str, *, code: str = "", visitor: Visitor = HERE) -> Ticket:
        """Set a new password by a mailed link, end all sessions, prove the address, and sign in.

        Raises BadInput for a refused password and a wrong code, CodeNeeded for somebody with a second factor (the
        link stays good in all three cases), BadInput for a link that is used or too old, TooManyTries.
        """
        passwords.check_rule(password)
        now = self._clock()
        with self._database.write() as unit:
            found = unit.tokens.is_open(digest(token), "reset", now)
            if found is None or found.person_id is None:
                raise _used_link()
            left = take(unit, RESET_CODES, str(found.person_id), now=now) if code.strip() else RESET_CODES.most
        password_hash = passwords.hashed(password)
        try:
            with self._database.write() as unit:
                used = unit.tokens.use(digest(token), "reset", now)
                row = unit.people.for_change(used.person_id) if used and used.person_id else None
                if row is None or row.disabled_at is not None:
                    raise _used_link()
                self._factors.check(unit, row.id, code, now)
                return self._renewed(unit, row, password_hash, visitor, now)
        except CodeNeeded:
            raise
        except BadInput as wrong:
            if wrong.field != "Code":
                raise
            raise BadInput(wrong.message, field=wrong.field, hint=tries_left(left, RESET_CODES)) from None

    def _renewed(self, unit: Unit, row: PersonRow, password_hash: str, visitor: Visitor, now: datetime) -> Ticket:
        unit.people.set_password(row.id, password_hash)
        if row.verified_at is None:
            unit.people.set_verified(row.id, now)
        unit.tokens.drop_of(row.id, "reset", "verify")
        unit.throttles.forget(RESET_CODES.bucket(str(row.id)))
        forgive(unit, row.email, visitor)
        record(unit, row.id, "password.reset", "person", row.id, now, address=visitor.address)
        return enter(unit, _fresh(unit, row), visitor, now, by="mailed link")

    def _settle(
        self, unit: Unit, row: PersonRow, payload: dict[str, Any], visitor: Visitor, now: datetime
    ) -> PersonRow:
        """Note that the mailbox is proved, and decide which password counts from now on.

        The one that came with this code, if it came from this browser; else the present one, if it opened a session
        in this browser; else none: somebody else may have chosen it.
        """
        kept = "kept"
        if payload.get("mark") == _mark(visitor):
            if payload["password_hash"] != row.password_hash:
                unit.people.set_password(row.id, payload["password_hash"])
                unit.people.change(row.id, name=payload["name"])
                kept = "set"
        elif row.password_hash and not unit.sessions.used_browser(
            row.id, visitor.address, visitor.agent[:LONGEST_AGENT]
        ):
            unit.people.set_password(row.id, "")
            kept = "cleared"
        unit.people.set_verified(row.id, now)
        unit.tokens.drop_of(row.id, "verify", "reset")
        record(
            unit,
            row.id,
            "person.verify",
            "person",
            row.id,
            now,
            before={"verified": False},
            after={"verified": True, "by": "mailed code", "password": kept},
            address=visitor.address,
        )
        return _fresh(unit, row)

    def _send(self, address: str, letter: mails.Letter) -> None:
        self._mail.send(address, letter.subject, letter.text)


def _found_or_made(unit: Unit, address: str, chosen: Chosen, now: datetime) -> PersonRow:
    """The person with an address, made when there is none; two who come at once find the same one."""
    for _ in range(3):
        row = unit.people.for_change_by_email(address)
        if row is not None:
            return row
        try:
            row = new_person(
                unit,
                email=address,
                name=chosen.name,
                password_hash=chosen.password_hash,
                role=Role.USER,
                verified_at=None,
                now=now,
            )
        except BadInput:
            continue
        record(unit, row.id, "person.join", "person", row.id, now, after={"by": "sign-up"})
        return row
    raise BadInput("Very many people join at this moment.", hint="Try once more.")


def _unproved(row: PersonRow) -> bool:
    return row.verified_at is None and row.disabled_at is None


def _new_code(unit: Unit, row: PersonRow, now: datetime, chosen: Chosen | None) -> str:
    """A new code in place of the one before; without a new choice it stands for the same one as that."""
    earlier = unit.tokens.of(row.id, "verify")
    payload = chosen.payload() if chosen else earlier.payload if earlier else None
    unit.tokens.drop_of(row.id, "verify")
    code = f"{secrets.randbelow(1_000_000):06}"
    unit.tokens.add(_token(_code_hash(row.id, code), "verify", row.id, now, payload))
    return code


def _token(
    token_hash: bytes, purpose: str, person_id: UUID, now: datetime, payload: dict[str, Any] | None = None
) -> OneTimeToken:
    return OneTimeToken(
        token_hash=token_hash, purpose=purpose, person_id=person_id, expires_at=now + LASTS, payload=payload
    )


def _code_hash(person_id: UUID, code: str) -> bytes:
    """What is kept of a code. It has six digits, so what protects it is its short life and the counted tries."""
    return digest(f"{person_id}:{''.join(code.split())}")


def _mark(visitor: Visitor) -> str:
    return digest(f"{visitor.address}\0{visitor.agent[:LONGEST_AGENT]}").hex()


def _fresh(unit: Unit, row: PersonRow) -> PersonRow:
    return unit.people.for_change(row.id) or row


def _used_link() -> BadInput:
    return BadInput("This link was used already or is too old.", field="Link", hint="Ask for a new one.")
