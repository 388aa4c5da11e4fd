"""Who pays, and with what key."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from engine.redaction import remember

KeySource = Literal["user", "system", "env", "local"]

_FINGERPRINT_KEY = secrets.token_bytes(32)


class Secret:
    """A text that shows only its last four characters, however it is printed, formatted or pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not value:
            raise ValueError("a secret may not be empty")
        self._value = value
        remember(value)

    def reveal(self) -> str:
        """The text itself. Only an adapter asks for it, at the moment of the call."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """Equal for equal texts within this process, and says nothing about the text."""
        return hmac.new(_FINGERPRINT_KEY, self._value.encode(), hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return f"…{self._value[-4:]}" if len(self._value) >= 12 else "…"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __reduce__(self) -> tuple[type, tuple[str]]:
        raise TypeError("a secret is not to be stored")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash(self.fingerprint)


@dataclass(frozen=True, slots=True)
class Credential:
    """A key together with the one address it may be sent to."""

    api_key: Secret
    base_url: str
    source: KeySource
