"""The second factor: six digits from an authenticator app (TOTP, RFC 6238), and codes for a lost device.

A code works once: the time step it belongs to is written down with its use (RFC 6238, section 5.2). The app's secret
is sealed by the vault, for the person's row; of recovery codes, which have 80 random bits, only hashes are kept.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from pyotp.exceptions import OTPVerificationError

from db.models.people import SecondFactor as FactorRow
from db.unit import Unit
from engine.accounts.sessions import digest
from engine.accounts.vault import Binding, CannotOpen, Vault, seal_in
from engine.errors import BadInput, CodeNeeded

ISSUER = "Persona Studio"
RECOVERY_CODES = 8
FIELD = "Code"
_STEPS_OFF = 1
"""Clocks of phones are off by some seconds: the step before and the step after count too."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs: the secret to type, or the same as an address to scan."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        return "Enrolment(…)"


class SecondFactors:
    """Makes and checks second factors inside the caller's transaction."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def begin(self, unit: Unit, person_id: UUID, email: str) -> Enrolment:
        """A new secret, not in force yet. Raises BadInput while another one is in force."""
        secret = pyotp.random_base32()
        sealed = seal_in(unit, self._vault, secret, binding(person_id))
        self._not_yet(unit.second_factors.of(person_id))
        unit.second_factors.put(
            FactorRow(person_id=person_id, sealed=sealed, last_step=0, recovery=[], confirmed_at=None)
        )
        return _enrolment(secret, email)

    def pending(self, unit: Unit, person_id: UUID, email: str) -> Enrolment:
        """The secret that was begun. Raises BadInput when there is none, or once it is in force."""
        row = unit.second_factors.of(person_id)
        self._not_yet(row)
        if row is None:
            raise _none_begun()
        try:
            return _enrolment(self._vault.open(row.sealed, binding(person_id)), email)
        except CannotOpen:
            raise _none_begun() from None

    def confirm(self, unit: Unit, person_id: UUID, code: str, now: datetime) -> list[str]:
        """Put the secret in force by a first code, and return the recovery codes. Raises BadInput."""
        row = unit.second_factors.of(person_id)
        self._not_yet(row)
        if row is None:
            raise _none_begun()
        if not self._is_app_code(unit, row, code, now):
            raise BadInput(
                "That code does not belong to the picture.",
                field=FIELD,
                hint="Wait for the next code, and check that the clock of the device is right.",
            )
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        unit.second_factors.change(person_id, confirmed_at=now, recovery=[_hashed(found) for found in codes])
        return codes

    def check(self, unit: Unit, person_id: UUID, code: str, now: datetime) -> None:
        """Let pass whoever has no factor in force, or gives a code, which is used up.

        Raises CodeNeeded without a code, BadInput for a wrong one or a used one.
        """
        row = unit.second_factors.of(person_id)
        if row is None or row.confirmed_at is None:
            return
        if not code.strip():
            raise CodeNeeded(
                "Your authenticator's code is needed as well.",
                field=FIELD,
                hint="Open the app, or use one of your recovery codes.",
            )
        if not (self._is_app_code(unit, row, code, now) or self._is_recovery_code(unit, row, code)):
            raise BadInput("That code is not right, or was used already.", field=FIELD)

    def _is_app_code(self, unit: Unit, row: FactorRow, code: str, now: datetime) -> bool:
        typed = "".join(code.split())
        if not (typed.isascii() and typed.isdigit()):
            return False
        try:
            secret = self._vault.open(row.sealed, binding(row.person_id))
            step = pyotp.TOTP(secret).verify_and_get_timecode(typed, for_time=now, valid_window=_STEPS_OFF)
        except (CannotOpen, OTPVerificationError):
            return False
        return unit.second_factors.use_step(row.person_id, step)

    def _is_recovery_code(self, unit: Unit, row: FactorRow, code: str) -> bool:
        found = _hashed(code)
        if found not in row.recovery:
            return False
        unit.second_factors.change(row.person_id, recovery=[kept for kept in row.recovery if kept != found])
        return True

    def _not_yet(self, row: FactorRow | None) -> None:
        if row is not None and row.confirmed_at is not None:
            raise BadInput("An authenticator is in force already.", field=FIELD, hint="Remove it first.")


def _enrolment(secret: str, email: str) -> Enrolment:
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER))


def _none_begun() -> BadInput:
    return BadInput("No authenticator was begun.", field=FIELD, hint="Begin again and scan the new picture.")


def binding(person_id: UUID) -> Binding:
    """Where the sealed secret of a person belongs."""
    return Binding("second-factor", str(person_id), "", person_id)


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _hashed(recovery_code: str) -> str:
    tidy = "".join(recovery_code.split()).replace("-", "").lower()
    return digest(tidy).hex()
