"""Hashing and the one rule for passwords: 8 to 72 bytes, no composition rules, passphrases welcome."""

from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from engine.errors import BadInput, ConfigError

SHORTEST, LONGEST_BYTES = 8, 72


def check_rule(password: str) -> None:
    """Raise BadInput when the password is too short, or longer than bcrypt reads."""
    if len(password) < SHORTEST:
        raise BadInput(f"The password needs at least {SHORTEST} characters.", field="Password")
    if len(password.encode()) > LONGEST_BYTES:
        raise BadInput(
            f"The password is longer than {LONGEST_BYTES} bytes.", field="Password", hint="Shorten it a little."
        )
    if "\x00" in password:
        raise BadInput("The password has an invisible NUL character.", field="Password", hint="Type it again.")


def hashed(password: str) -> str:
    """The bcrypt hash of an acceptable password. About a quarter of a second of work, on purpose."""
    check_rule(password)
    return str(_hasher().hash(password))


@cache
def _hasher() -> Any:
    """The `Hasher` of streamlit-authenticator, from its own file: its package would import all of Streamlit."""
    package = find_spec("streamlit_authenticator")
    if package is None or package.origin is None:
        raise ConfigError(
            "The package streamlit-authenticator is not installed.", hint="Install the packages of requirements.txt."
        )
    spec = spec_from_file_location("studio_hasher", Path(package.origin).parent / "utilities" / "hasher.py")
    if spec is None or spec.loader is None:
        raise ConfigError("The installed streamlit-authenticator has no hasher.", hint="Install the pinned version.")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Hasher


@cache
def _hash_of_nobody() -> str:
    return hashed("nobody has this password")


def matches(password: str, password_hash: str) -> bool:
    """Whether the password belongs to the hash. An empty hash costs the same work, so that timing tells nothing."""
    if len(password.encode()) > LONGEST_BYTES or "\x00" in password:
        password, password_hash = "not acceptable", ""
    return bool(_hasher().check_pw(password, password_hash or _hash_of_nobody())) and password_hash != ""
