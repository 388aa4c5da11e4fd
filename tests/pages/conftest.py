"""A studio on a fresh database with scripted answers, and its pages drawn by Streamlit's AppTest."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.accounts.actor import Actor, Role
from engine.providers.scripted import Scripted
from engine.settings import load_settings
from engine.studio import Studio, open_studio
from pages.ui.context import use_studio

SHELL = Path(__file__).parents[2] / "pages/shell.py"
PASSWORD = "correct horse battery"
SAFETY_S = 60


@pytest.fixture
def local() -> Scripted:
    """What stands in for the embedded model."""
    return Scripted(["I am Ada."])


@pytest.fixture
def openai() -> Scripted:
    """What stands in for OpenAI; nobody asks it without a key."""
    return Scripted(["I am Ada, and I cost money."])


@pytest.fixture
def studio(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: Scripted, openai: Scripted
) -> Iterator[Studio]:
    """The studio that the pages of the test talk to."""
    for name in [*os.environ]:
        if name.startswith("STUDIO_") or name.endswith(("_API_KEY", "_BASE_URL")) or name == "DATABASE_URL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path))
    shutil.copy(sqlite_template, tmp_path / "studio.db")
    opened = open_studio(load_settings(), providers={"local": local, "openai": openai})
    use_studio(opened)
    yield opened
    use_studio(None)
    opened.close()


@pytest.fixture
def add_person(studio: Studio) -> Callable[..., Actor]:
    """Add a person of a role; returns them as an actor."""

    def add(email: str = "noor@example.org", role: Role = Role.USER, *, verified: bool = True) -> Actor:
        operator = Actor.operator()
        studio.people.add(operator, email=email, name="Noor Haddad", password=PASSWORD, role=role, verified=verified)
        return studio.people.acting_as(operator, email)

    return add


@pytest.fixture
def noor(add_person: Callable[..., Actor]) -> Actor:
    """An ordinary, verified person."""
    return add_person()


@pytest.fixture
def tab(studio: Studio) -> Callable[..., AppTest]:
    """Open a browser tab on a page, as a person or, without one, as a visitor."""

    def open_tab(person: Actor | None = None, page: str = "", **query: str) -> AppTest:
        at = AppTest.from_file(SHELL, default_timeout=SAFETY_S)
        at.session_state["session_id"] = studio.access.sign_in(person.email, PASSWORD).session_id if person else None
        at.run()
        if page:
            at.query_params.update(query)
            at.switch_page(page).run()
        return at

    return open_tab


def type_into(at: AppTest, key: str, row: int, **cells: object) -> AppTest:
    """Change cells of a `data_editor` as the browser does; AppTest knows no way of its own."""
    table = next(each for each in at.main.dataframe if each.proto.id.endswith(f"-{key}"))
    states = at._tree.get_widget_states()
    typed = {"edited_rows": {row: cells}, "added_rows": [], "deleted_rows": []}
    states.widgets.add(id=table.proto.id, string_value=json.dumps(typed))
    at._run(states)
    assert not at.exception
    return at
