"""Changing the master key while the studio runs, and giving an old one up.

`rotate` first makes the new key known to everybody (the key file has it on top, the canary is sealed with it), then
seals every row anew, in small batches, each row only if it still holds what was read. A row opens at every moment:
whoever meets an id that they do not know reads the key file again, and the older keys stay until `retire`. So a
rotation that is killed anywhere is finished by the next one. `retire` holds the canary while it looks for rows that
need an older key, and nobody can seal one meanwhile.

The lock on the canary's row lets one change of the master keys happen at a time, on whichever machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.repositories.sealed import PURPOSES, SealedRow
from db.session import Database
from db.unit import Unit
from engine.accounts.audit import record
from engine.accounts.master_keys import MasterKeys, new_master_key
from engine.accounts.vault import (
    CANARY,
    CANARY_BINDING,
    NOT_THE_KEY,
    VERSION,
    Binding,
    CannotOpen,
    Purpose,
    Vault,
    canary,
    check_canary,
    key_id,
    key_id_of,
)
from engine.errors import BadInput, ConfigError

BATCH = 200
_KINDS: dict[str, Purpose] = {"provider-key": "provider-key", "second-factor": "second-factor"}


@dataclass(frozen=True, slots=True)
class Rotated:
    """The primary key's id, whether that key is new, and how many rows were sealed anew and can be opened by nobody."""

    primary: str
    is_new: bool
    resealed: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class Retired:
    """Which key ids are given up, and whether they still stand in the environment."""

    primary: str
    dropped: tuple[str, ...]
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Census:
    """How many sealed rows there are, how many of them older keys sealed, and how many a key that is not here.

    `begun` says that a change of the key is under way or was interrupted: not even the canary has the primary key.
    """

    primary: str
    keys: int
    rows: int
    older: int
    lost: int
    begun: bool


def rotate(keys: MasterKeys, database: Database, now: datetime, *, batch: int = BATCH) -> Rotated:
    """Seal everything with a new key, or finish what an earlier rotation began.

    A new key is made while the key file holds one only. Keys of the environment are the operator's: everything is
    sealed with the first that is listed. Raises ConfigError, and BadInput when the environment has no other key.
    """
    check_canary(Vault(*keys.read(), source=keys.read), database)
    vault, is_new = _begin(keys, database, now)
    resealed = 0
    while True:
        tried, done, unreadable = _pass(vault, database, batch)
        resealed += done
        if not tried:  # rows that changed under our hands are looked at again
            return Rotated(vault.kid, is_new, resealed, unreadable)


def retire(keys: MasterKeys, database: Database, now: datetime) -> Retired:
    """Give up all keys but the primary one. Raises ConfigError, and BadInput while a row needs an older key.

    Rows that nobody can open need no key. Keys of the environment have to be taken out by hand.
    """
    check_canary(Vault(*keys.read(), source=keys.read), database)
    with database.write() as unit:
        mark = unit.house.lock(CANARY)
        held = keys.read()
        vault, dropped = Vault(*held), tuple(map(key_id, held[1:]))
        rows = (row for purpose in PURPOSES for row in _walk(unit, purpose, vault, BATCH))
        if key_id_of(str(mark)) != vault.kid or any(_opened(vault, *row) is not None for row in rows):
            raise BadInput(
                "An older master key is still needed: not everything is sealed with the newest one.",
                hint="Run `python -m engine keys rotate`, then this again.",
            )
        if dropped and keys.in_file:
            keys.write(held[:1])
            record(unit, None, "vault.retire", "vault", vault.kid, now, before={"older": list(dropped)})
    return Retired(vault.kid, dropped, by_hand=bool(dropped) and not keys.in_file)


def forget(keys: MasterKeys, database: Database, now: datetime) -> None:
    """Take the present master key as the one from now on. What lost ones sealed has to be entered again."""
    vault = Vault(*keys.read())
    with database.write() as unit:
        unit.house.put(CANARY, canary(vault))
        record(unit, None, "vault.forget", "vault", vault.kid, now)


def census(keys: MasterKeys, database: Database) -> Census:
    """How far a change of the master key has come."""
    primary, *others = map(key_id, keys.read())
    with database.read() as unit:
        rows, current = unit.sealed.count(), unit.sealed.count(_prefix(primary))
        older = sum(unit.sealed.count(_prefix(kid)) for kid in others)
        begun = key_id_of(str(unit.house.get(CANARY))) != primary
    return Census(primary, 1 + len(others), rows, older, rows - current - older, begun)


def _begin(keys: MasterKeys, database: Database, now: datetime) -> tuple[Vault, bool]:
    """Make the new key known to everybody; from then on nothing is sealed with an older one."""
    with database.write() as unit:
        mark = str(unit.house.lock(CANARY))
        held = keys.read()
        if not keys.in_file and len(held) == 1:
            raise BadInput(
                f"There is one master key in {keys.place}, so there is nothing to change to.",
                hint="Put a new one in front of it, with a space between: `openssl rand -base64 32` makes one. "
                "Restart the studio, then run this again.",
            )
        if is_new := len(held) == 1:
            _check(Vault(*held), mark)
            keys.write((new_master_key(), *held))
        vault = Vault(*keys.read())
        _check(vault, mark)
        if key_id_of(mark) != vault.kid:
            unit.house.put(CANARY, canary(vault))
            before = {"kid": key_id_of(mark)}
            record(unit, None, "vault.rotate", "vault", vault.kid, now, before=before, after={"kid": vault.kid})
    return vault, is_new


def _check(vault: Vault, mark: str) -> None:
    """Raise ConfigError when the canary, as it is now, does not open: somebody changed the key meanwhile."""
    try:
        vault.open(mark, CANARY_BINDING)
    except CannotOpen:
        raise ConfigError(NOT_THE_KEY, hint="The keys are as they were. Run this again.") from None


def _pass(vault: Vault, database: Database, batch: int) -> tuple[int, int, int]:
    """Seal anew what an older key sealed: how many rows were tried, done, and could be opened by nobody."""
    tried = done = unreadable = 0
    for purpose in PURPOSES:
        after: UUID | None = None
        while rows := _older(database, purpose, vault, after, batch):
            after = rows[-1].row_id
            opened = [(row, _opened(vault, purpose, row)) for row in rows]
            changes = [(row, vault.seal(text, _binding(purpose, row))) for row, text in opened if text is not None]
            with database.write() as unit:
                done += unit.sealed.swap(purpose, changes)
            tried += len(changes)
            unreadable += len(rows) - len(changes)
    return tried, done, unreadable


def _older(database: Database, purpose: str, vault: Vault, after: UUID | None, most: int) -> list[SealedRow]:
    with database.read() as unit:
        return unit.sealed.older(purpose, _prefix(vault.kid), after=after, most=most)


def _walk(unit: Unit, purpose: str, vault: Vault, batch: int) -> Iterator[tuple[str, SealedRow]]:
    after: UUID | None = None
    while rows := unit.sealed.older(purpose, _prefix(vault.kid), after=after, most=batch):
        after = rows[-1].row_id
        yield from ((purpose, row) for row in rows)


def _opened(vault: Vault, purpose: str, row: SealedRow) -> str | None:
    try:
        return vault.open(row.sealed, _binding(purpose, row))
    except CannotOpen:
        return None


def _binding(purpose: str, row: SealedRow) -> Binding:
    return Binding(_KINDS[purpose], str(row.owner_id), row.provider, row.row_id)


def _prefix(kid: str) -> str:
    return f"{VERSION}.{kid}."
