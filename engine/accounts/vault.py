"""Secrets at rest: sealed with AES-256-GCM and bound to the very row they belong to.

A sealed text is `s1.<kid>.<nonce and ciphertext with tag, base64url>`. The key is derived from the master key by
HKDF-SHA256. The associated data binds format, purpose, owner, provider, row and key id, each with its length in
front, so a text that is moved to another row, or relabelled, does not open. (AEAD associated data: RFC 5116,
section 2.1; HKDF: RFC 5869; random 96-bit nonces: NIST SP 800-38D, section 8.2.2.)
"""

import base64
import binascii
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from db.session import Database
from engine.errors import ConfigError
from engine.settings import Settings

VERSION = "s1"
KEY_BYTES, NONCE_BYTES = 32, 12
MASTER_KEY_FILE = "master.key"
_INFO = b"studio/vault/v1"

Purpose = Literal["provider-key", "second-factor", "canary"]


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
    """Seals and opens with one master key. Nothing here is ever printed: the object shows only its key id."""

    __slots__ = ("_aead", "kid")

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ConfigError(f"The master key has {len(master_key)} bytes; it needs {KEY_BYTES}.", hint=_HINT)
        self._aead = AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=_INFO).derive(master_key))
        self.kid = hashlib.sha256(b"studio/kid" + master_key).hexdigest()[:12]

    def __repr__(self) -> str:
        return f"Vault({self.kid})"

    def seal(self, plaintext: str, binding: Binding) -> str:
        """Seal a text for one row."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._aead.encrypt(nonce, plaintext.encode(), binding.associated_data(self.kid))
        return f"{VERSION}.{self.kid}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, binding: Binding) -> str:
        """Open a text of this row. Raises CannotOpen, which says nothing about why."""
        version, _, rest = sealed.partition(".")
        kid, _, body = rest.partition(".")
        if version != VERSION or kid != self.kid:
            raise CannotOpen
        try:
            raw = base64.b64decode(body, altchars=b"-_", validate=True)
            return self._aead.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], binding.associated_data(kid)).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise CannotOpen from None


_HINT = "STUDIO_MASTER_KEY is 32 bytes in base64; without it the studio keeps a key file in its data folder."


def load_vault(settings: Settings) -> Vault:
    """The vault on the master key: `STUDIO_MASTER_KEY`, then `STUDIO_MASTER_KEY_FILE`, then the data folder's file.

    The last is made on the first run, readable by its owner only. Raises ConfigError for a key that is not one and
    for a file that others can read.
    """
    if value := settings.master_key.get_secret_value():
        return Vault(_decoded(value, "STUDIO_MASTER_KEY"))
    path = settings.master_key_file or settings.data_dir / MASTER_KEY_FILE
    if settings.master_key_file is None and not path.exists():
        _make(path)
    return Vault(_read(path))


def _decoded(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), altchars=b"-_" if set(text) & set("-_") else None, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError(f"{where} does not hold a key in base64.", hint=_HINT) from None


def _read(path: Path) -> bytes:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_symlink():
            raise ConfigError(f"The key file {path} is a symbolic link.", hint="Name the file itself.")
        if mode & 0o077:
            raise ConfigError(
                f"The key file {path} can be read by others (mode {mode:04o}).", hint=f"Run `chmod 600 {path}`."
            )
        return _decoded(path.read_text("ascii"), f"The key file {path}")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"The key file {path} cannot be read: {type(problem).__name__}.", hint=_HINT) from None


def _make(path: Path) -> None:
    """Write a new key, unless another process is making one at this moment."""
    text = base64.b64encode(secrets.token_bytes(KEY_BYTES))
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        finally:
            draft.unlink()
    except OSError as problem:
        raise ConfigError(f"The key file {path} cannot be made: {problem.strerror}.", hint=_HINT) from None


CANARY = "vault_canary"
_CANARY_BINDING = Binding("canary", "house", "", UUID(int=0))


def check_canary(vault: Vault, database: Database) -> None:
    """Make sure that this is the master key that stored keys were sealed with; the first one leaves its mark.

    Raises ConfigError for another key, before anybody stores a key with it.
    """
    with database.read() as unit:
        mark = unit.house.get(CANARY)
    if mark is None:
        with database.write() as unit:
            unit.house.add_once(CANARY, vault.seal("studio", _CANARY_BINDING))
            mark = unit.house.get(CANARY)
    try:
        vault.open(str(mark), _CANARY_BINDING)
    except CannotOpen:
        raise ConfigError(
            "The master key is not the one that the stored provider keys were sealed with.",
            hint="Put the old key back. If it is lost, run `python -m engine keys forget`; everybody then enters "
            "their keys again.",
        ) from None


def forget(vault: Vault, database: Database) -> None:
    """Take the present master key as the one from now on. What older ones sealed has to be entered again."""
    with database.write() as unit:
        unit.house.put(CANARY, vault.seal("studio", _CANARY_BINDING))
