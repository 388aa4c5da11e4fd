"""Secrets at rest: sealed with AES-256-GCM and bound to the very row they belong to.

A sealed text is `s1.<kid>.<nonce and ciphertext with tag, base64url>`. The key is derived from the master key by
HKDF-SHA256. The associated data binds format, purpose, owner, provider, row and key id, each with its length in
front, so a text that is moved to another row, or relabelled, does not open. (AEAD associated data: RFC 5116,
section 2.1; HKDF: RFC 5869; random 96-bit nonces: NIST SP 800-38D, section 8.2.2.)

Which key seals is said by one row of the database, the canary: it is sealed with that key, and whoever seals a row
looks at it inside the same transaction (`seal_in`). So when the canary has changed, nothing is sealed with an older
key any more, in whichever process.
"""

import base64
import binascii
import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from db.session import Database
from db.unit import Unit
from engine.accounts.master_keys import KEY_BYTES, MasterKeys
from engine.errors import ConfigError
from engine.settings import Settings

VERSION = "s1"
NONCE_BYTES = 12
_INFO = b"studio/vault/v1"

Purpose = Literal["provider-key", "second-factor", "canary"]
logger = logging.getLogger(__name__)


class CannotOpen(Exception):
    """The sealed text is not this row's, was changed, or belongs to another master key."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a sealed text belongs. All of it is checked when it is opened, none of it is secret."""

    purpose: Purpose
    owner: str
    provider: str
    row_id: UUID

    def associated_data(self, kid: str) -> bytes:
        """The parts, each behind its length: without lengths "1"+"23" would be "12"+"3"."""
        parts = (VERSION, self.purpose, self.owner, self.provider, self.row_id.hex, kid)
        return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


class Vault:
    """Seals with the first of its master keys and opens with any. Nothing here is ever printed but key ids.

    With a `source` it looks there again when it meets a key id that it does not know. Keys that it once had go on
    opening what was read before they were retired, until the process ends.
    """

    __slots__ = ("_keys", "_source", "kid")

    def __init__(self, *master_keys: bytes, source: Callable[[], tuple[bytes, ...]] | None = None) -> None:
        self._source = source
        self._keys: dict[str, AESGCM] = {}
        self._take(master_keys)

    def __repr__(self) -> str:
        return f"Vault({self.kid})"

    def knows(self, kid: str) -> bool:
        """Whether the vault has the key with this id."""
        return kid in self._keys

    def refresh(self) -> None:
        """Look at the source again. When that cannot be read, the vault stays as it is."""
        if self._source is None:
            return
        try:
            self._take(self._source())
        except ConfigError as problem:
            logger.warning("the master keys could not be read again: %s", problem.message)

    def seal(self, plaintext: str, binding: Binding, *, kid: str = "") -> str:
        """Seal a text for one row, with the primary key or another that the vault knows. See `seal_in`."""
        kid, nonce = kid or self.kid, secrets.token_bytes(NONCE_BYTES)
        sealed = self._keys[kid].encrypt(nonce, plaintext.encode(), binding.associated_data(kid))
        return f"{VERSION}.{kid}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, binding: Binding) -> str:
        """Open a text of this row. Raises CannotOpen, which says nothing about why."""
        version, _, rest = sealed.partition(".")
        kid, _, body = rest.partition(".")
        if kid not in self._keys:
            self.refresh()
        key = self._keys.get(kid)
        if version != VERSION or key is None:
            raise CannotOpen
        try:
            raw = base64.b64decode(body, altchars=b"-_", validate=True)
            return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], binding.associated_data(kid)).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise CannotOpen from None

    def _take(self, master_keys: tuple[bytes, ...]) -> None:
        """Have these keys too. Other threads go on with the keys as they were or as they are, never with fewer."""
        kids = [key_id(key) for key in master_keys]
        new = {kid: _cipher(key) for kid, key in zip(kids, master_keys, strict=True) if kid not in self._keys}
        self._keys = self._keys | new
        self.kid = kids[0]


def key_id(master_key: bytes) -> str:
    """What a master key is called. It tells nothing about the key."""
    return hashlib.sha256(b"studio/kid" + master_key).hexdigest()[:12]


def key_id_of(sealed: str) -> str:
    """The id of the key that a text was sealed with."""
    return sealed.split(".")[1] if sealed.count(".") == 2 else ""


def _cipher(master_key: bytes) -> AESGCM:
    if len(master_key) != KEY_BYTES:
        raise ConfigError(f"The master key has {len(master_key)} bytes; it needs {KEY_BYTES}.")
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=_INFO).derive(master_key))


def load_vault(settings: Settings) -> Vault:
    """The vault on the master keys of the settings, which it reads again when they have changed. Raises ConfigError."""
    source = MasterKeys(settings)
    return Vault(*source.read(), source=source.read)


CANARY = "vault_canary"
CANARY_BINDING = Binding("canary", "house", "", UUID(int=0))
_CANARY_TEXT = "studio"
NOT_THE_KEY = "The master key is not the one that the stored provider keys were sealed with."


def canary(vault: Vault) -> str:
    """The canary, sealed with the vault's primary key."""
    return vault.seal(_CANARY_TEXT, CANARY_BINDING)


def check_canary(vault: Vault, database: Database) -> None:
    """Make sure that this is the master key that stored keys were sealed with; the first one leaves its mark.

    Raises ConfigError for another key, before anybody stores a key with it.
    """
    with database.read() as unit:
        mark = unit.house.get(CANARY)
    if mark is None:
        with database.write() as unit:
            unit.house.add_once(CANARY, canary(vault))
            mark = unit.house.get(CANARY)
    try:
        vault.open(str(mark), CANARY_BINDING)
    except CannotOpen:
        raise ConfigError(
            NOT_THE_KEY,
            hint="Put the old key back. If it is lost, run `python -m engine keys forget`; everybody then enters "
            "their keys again.",
        ) from None


def seal_in(unit: Unit, vault: Vault, plaintext: str, binding: Binding) -> str:
    """Seal a text in the transaction that stores it, with the key that the canary is sealed with.

    The canary stays as it is until that transaction ends. Raises ConfigError when this process does not have the key.
    """
    mark = unit.house.hold(CANARY)
    kid = vault.kid if mark is None else key_id_of(str(mark))
    if kid != vault.kid:
        vault.refresh()
    if not vault.knows(kid):
        raise ConfigError(
            "The master key was changed, and this process does not have the new one. Nothing was saved.",
            hint="Restart the studio with the new master key.",
        )
    return vault.seal(plaintext, binding, kid=kid)
