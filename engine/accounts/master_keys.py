"""Where master keys come from: the environment, or a file that only its owner can read.

The first key is the primary: it seals. The others only open what they sealed before, until they are retired.
"""

import base64
import binascii
import os
import re
import secrets
import stat
from pathlib import Path

from engine.errors import ConfigError
from engine.settings import Settings

KEY_BYTES = 32
MASTER_KEY_FILE = "master.key"
_VARIABLE = "STUDIO_MASTER_KEY"
_HINT = f"{_VARIABLE} is 32 bytes in base64; without it the studio keeps a key file in its data folder."


class MasterKeys:
    """The master keys of the settings: `STUDIO_MASTER_KEY`, then `STUDIO_MASTER_KEY_FILE`, then the data folder's file.

    The variable may hold several keys with spaces or commas between them, the file one a line. The last file is made
    on the first run.
    """

    def __init__(self, settings: Settings) -> None:
        self._variable = settings.master_key
        self._named = settings.master_key_file is not None
        self._path = settings.master_key_file or settings.data_dir / MASTER_KEY_FILE

    @property
    def in_file(self) -> bool:
        """Whether the keys are in a file, which the studio can write, and not in the environment."""
        return not self._variable.get_secret_value()

    @property
    def place(self) -> str:
        """Where the keys are, for people."""
        return f"the key file {self._path}" if self.in_file else f"the variable {_VARIABLE}"

    def read(self) -> tuple[bytes, ...]:
        """The keys as they are now, the primary first.

        Raises ConfigError for what is not a key, and for a file that others can read.
        """
        if not self.in_file:
            return _decoded(self._variable.get_secret_value(), _VARIABLE)
        if not self._named and not self._path.exists():
            _make(self._path)
        return _read(self._path)

    def write(self, keys: tuple[bytes, ...]) -> None:
        """Put these keys in the place of the file's, at one stroke: a reader finds the old ones or the new ones.

        Not for two callers at a time. The file keeps its owner, whoever calls this. Raises ConfigError.
        """
        draft = self._path.with_name(f".{self._path.name}.new")
        try:
            draft.unlink(missing_ok=True)  # of a process that was killed here
            owner = self._path.stat()
            _write(draft, keys)
            if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(draft, owner.st_uid, owner.st_gid)
            draft.replace(self._path)
            _sync(self._path.parent)
        except OSError as problem:
            draft.unlink(missing_ok=True)
            raise ConfigError(
                f"The key file {self._path} cannot be changed: {problem.strerror}.",
                hint="The keys are as they were. Run this as the user who owns the file, in a folder that can be "
                "written.",
            ) from None


def new_master_key() -> bytes:
    """A key that nobody has had before."""
    return secrets.token_bytes(KEY_BYTES)


def _decoded(text: str, where: str) -> tuple[bytes, ...]:
    found = tuple(dict.fromkeys(_one(part, where) for part in re.split(r"[\s,]+", text) if part))
    if not found:
        raise ConfigError(f"{where} holds no key.", hint=_HINT)
    return found


def _one(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text, altchars=b"-_" if set(text) & set("-_") else None, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError(f"{where} does not hold a key in base64.", hint=_HINT) from None
    if len(key) != KEY_BYTES:
        raise ConfigError(f"A master key in {where} has {len(key)} bytes; it needs {KEY_BYTES}.", hint=_HINT)
    return key


def _read(path: Path) -> tuple[bytes, ...]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_symlink():
            raise ConfigError(f"The key file {path} is a symbolic link.", hint="Name the file itself.")
        if mode & 0o077:
            raise ConfigError(
                f"The key file {path} can be read by others (mode {mode:04o}).", hint=f"Run `chmod 600 {path}`."
            )
        folder = stat.S_IMODE(path.parent.stat().st_mode)
        if folder & stat.S_IWOTH and not folder & stat.S_ISVTX:
            raise ConfigError(
                f"Anybody may replace the key file {path}: its folder has mode {folder:04o}.",
                hint=f"Run `chmod o-w {path.parent}`.",
            )
        return _decoded(path.read_text("ascii"), f"the key file {path}")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"The key file {path} cannot be read: {type(problem).__name__}.", hint=_HINT) from None


def _make(path: Path) -> None:
    """Write a new key, unless another process is making one at this moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        _write(draft, (new_master_key(),))
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        finally:
            draft.unlink()
    except OSError as problem:
        raise ConfigError(f"The key file {path} cannot be made: {problem.strerror}.", hint=_HINT) from None


def _write(path: Path, keys: tuple[bytes, ...]) -> None:
    """A new file with one key a line, on the disk before this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(b"\n".join(map(base64.b64encode, keys)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
