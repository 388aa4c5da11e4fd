"""A database full of sealed rows, with the folder of its master key and the text that each row should open to."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from db.models import Person, ProviderKey, SecondFactor
from db.models.base import table_of
from db.session import Database
from db.unit import Unit
from engine.accounts.master_keys import MASTER_KEY_FILE, MasterKeys
from engine.accounts.vault import Binding, CannotOpen, Vault, check_canary, key_id_of, load_vault
from engine.settings import Settings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SAFETY_S = 60
TABLES = {"provider-key": table_of(ProviderKey), "second-factor": table_of(SecondFactor)}


class House:
    """Rows are named by their bindings."""

    def __init__(self, database: Database, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.database = database
        self.settings = Settings(data_dir=folder)
        self.master_keys = MasterKeys(self.settings)
        self.key_file = folder / MASTER_KEY_FILE
        self.texts: dict[Binding, str] = {}
        check_canary(self.vault(), database)

    def vault(self) -> Vault:
        """What a process has that starts now."""
        return load_vault(self.settings)

    def fill(self, keys: int, factors: int = 0) -> None:
        """Add sealed rows."""
        vault = self.vault()
        bindings = [Binding("provider-key", str(uuid7()), "openai", uuid7()) for _ in range(keys)]
        people = [uuid7() for _ in range(factors)]
        bindings += [Binding("second-factor", str(person), "", person) for person in people]
        new = {where: f"planted-{number:05}" for number, where in enumerate(bindings)}
        rows = [(where, vault.seal(text, where)) for where, text in new.items()]
        with self.database.write() as unit:
            _insert(unit, Person, [person_row(person) for person in people])
            _insert(unit, ProviderKey, [key_row(*row) for row in rows if row[0].purpose == "provider-key"])
            _insert(unit, SecondFactor, [factor_row(*row) for row in rows if row[0].purpose == "second-factor"])
        self.texts |= new

    def sealed(self, where: Binding) -> str:
        """What a row holds now."""
        table = TABLES[where.purpose]
        with self.database.read() as unit:
            query = select(table.c.sealed).where(next(iter(table.primary_key)) == where.row_id)
            return str(unit.connection.execute(query).scalar_one())

    def wrong(self, vault: Vault) -> list[Binding]:
        """The rows that the vault does not open to what was put there."""
        return [where for where, text in self.texts.items() if open_with(vault, self.sealed(where), where) != text]

    def kids(self) -> set[str]:
        """The ids of the keys that rows are sealed with."""
        return {key_id_of(self.sealed(where)) for where in self.texts}


def key_row(where: Binding, sealed: str) -> dict[str, Any]:
    """A stored provider key."""
    return {
        "id": where.row_id,
        "owner_id": UUID(where.owner),
        "provider": where.provider,
        "sealed": sealed,
        "hint": "…",
        "verdict": "untested",
        "verdict_said": "",
        "created_at": NOW,
    }


def person_row(person: UUID) -> dict[str, Any]:
    """Somebody, for a second factor to hang on."""
    return {
        "id": person,
        "email": f"{person}@example.org",
        "handle": person.hex,
        "name": "Somebody",
        "password_hash": "",
        "role": "user",
        "token_version": 1,
        "created_at": NOW,
    }


def factor_row(where: Binding, sealed: str) -> dict[str, Any]:
    """The secret of an authenticator."""
    return {"person_id": where.row_id, "sealed": sealed, "last_step": 0, "recovery": []}


def _insert(unit: Unit, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        unit.connection.execute(insert(table_of(model)), rows)


def open_with(vault: Vault, sealed: str, where: Binding) -> str | None:
    """The text, or None when the vault cannot open it."""
    try:
        return vault.open(sealed, where)
    except CannotOpen:
        return None


@contextmanager
def readers(house: House, count: int) -> Iterator[tuple[list[str], list[int]]]:
    """Threads that read and open rows until the block ends: which reads failed, and how many each reader made.

    Every second one has its vault from the start, as a running process has; the others begin anew for each read.
    """
    failed: list[str] = []
    reads = [0] * count
    rows = list(house.texts)
    over, ready = threading.Event(), threading.Barrier(count + 1)

    def one(number: int) -> None:
        chance, old_hand = random.Random(number), house.vault()
        ready.wait(SAFETY_S)
        while not over.is_set():
            vault = house.vault() if number % 2 else old_hand
            where = chance.choice(rows)
            if open_with(vault, house.sealed(where), where) != house.texts[where]:
                failed.append(f"reader {number} after {reads[number]} reads")
            reads[number] += 1

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(one, number) for number in range(count)]
        ready.wait(SAFETY_S)
        try:
            yield failed, reads
        finally:
            over.set()
    for future in futures:
        future.result()
