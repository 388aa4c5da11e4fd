"""Every method of every service, tried by everybody on everything, against the table."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.accounts.actor import Actor
from engine.errors import BadInput, Forbidden, NotFound, StudioError
from engine.providers.scripted import Scripted
from engine.settings import load_settings
from engine.studio import open_studio
from tests.databases import DIALECTS, empty
from tests.engine.conftest import NOT_OURS, Clock
from tests.engine.waiting import until
from tests.isolation.house import (
    ANSWER,
    DELETED_PERSONA,
    DELETED_SCENE,
    DELETED_THREAD,
    DRAFT,
    EDITED_DRAFT,
    EVE,
    OWN_KEY,
    PERSONA,
    PICTURE,
    SCENE,
    SESSION,
    SHARED_PERSONA,
    SHARED_SCENE,
    THREAD,
    WHO,
    House,
)
from tests.isolation.table import OPEN_TO_ANYONE, TABLE, WHOSE, Row
from tests.isolation.tried import COMPARED, PICKED, REVISED, STOPPED
from tests.test_architecture import services

LETTERS = {Forbidden: "x", NotFound: "-", BadInput: "b"}
EVES_WORDS = ("words of eve", "words-of-eve")


@pytest.fixture(scope="module", params=DIALECTS)
def house(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """One studio for all tries on a database."""
    folder = tmp_path_factory.mktemp("house")
    url = f"sqlite:///{shutil.copy(sqlite_template, folder / 'studio.db')}"
    postgres = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    if postgres is not None:
        url = postgres.url.render_as_string(hide_password=False)
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.endswith(NOT_OURS) or name.startswith("STUDIO_") or name in ("AI_FEATURES_ENABLED", "SMTP_URL"):
                patch.delenv(name)
        patch.setenv("DATABASE_URL", url)
        patch.setenv("STUDIO_DATA_DIR", str(folder))
        clock = Clock()
        studio = open_studio(load_settings(), providers={"local": Scripted(), "openai": Scripted()}, clock=clock)
        house = House(studio, clock)
        for who in ("keeper", EVE, *WHO[1:]):
            house.maker(who)
        for kind in (
            SCENE,
            DELETED_SCENE,
            SHARED_SCENE,
            DRAFT,
            EDITED_DRAFT,
            PERSONA,
            PICTURE,
            SHARED_PERSONA,
            DELETED_PERSONA,
            SESSION,
            OWN_KEY,
            THREAD,
            DELETED_THREAD,
            ANSWER,
            REVISED,
            STOPPED,
            COMPARED,
            PICKED,
        ):
            house.names(kind, EVE, "mine")
            house.names(kind, EVE, "deleted")
        house.hers = house.things_of(EVE)
        yield house
        studio.close()
    if postgres is not None:
        empty(postgres)


def test_every_method_is_in_the_table_and_nothing_else() -> None:
    declared = {name.partition(" ")[0] for name in TABLE}
    there = {name: method.__right__ for name, method in services()}
    assert declared == {name for name, right in there.items() if right is not None}
    assert set(OPEN_TO_ANYONE) == {name for name, right in there.items() if right is None}


def test_every_cell_has_a_letter() -> None:
    letters = {row.expected(who, whose) for row in TABLE.values() for who in WHO for whose in WHOSE}
    assert letters == set("oxbs.-")


def test_eve_has_something_to_lose(house: House) -> None:
    hers = {name for name, rows in house.hers.items() if rows}
    assert hers >= {"auth_sessions", "personas", "persona_versions", "persona_drafts", "provider_keys"}
    assert hers >= {"threads", "thread_messages", "scenes", "scene_turns"}


@pytest.mark.parametrize("name", TABLE)
def test_nobody_does_more_than_the_table_says(house: House, name: str) -> None:
    row = TABLE[name]
    refused = [cell for cell in cells_of(row) if row.expected(*cell) in "x-b."]
    tries = [(cell, it) for cell in refused for it in names(house, row, *cell)]
    actors = {who: house.actor(who) for who in WHO}

    before = house.everything()
    said = [(cell, it, *tried(house, row, actors[cell[0]], it)) for cell, it in tries]
    unexpected = [(cell, it, letter) for cell, it, letter, _ in said if letter != row.expected(*cell)]
    for cell, _, _ in unexpected:
        if row.thing:
            house.used(row.thing, *cell)
    assert unexpected == []
    assert house.everything() == before, "what was refused has left something behind"
    assert unharmed(house)
    for who in WHO:
        words = {said_to for (by, whose), _, _, said_to in said if by == who and whose in ("theirs", "random")}
        assert len(words) <= 1, f"{who} can tell theirs from nothing"


@pytest.mark.parametrize("name", TABLE)
def test_whoever_may_can_and_leaves_the_things_of_others_alone(house: House, name: str) -> None:
    row = TABLE[name]
    allowed = [cell for cell in cells_of(row) if row.expected(*cell) in "os"]
    reaching = [cell for cell in allowed if cell[1] == "theirs" and row.expected(*cell) == "o"]
    refused = [cell for cell in allowed if cell not in reaching and not done(house, row, *cell)]
    assert refused == []
    assert unharmed(house), "somebody changed what is Eve's"
    assert [cell for cell in reaching if not done(house, row, *cell)] == []


def cells_of(row: Row) -> list[tuple[str, str]]:
    """Who tries it on whose."""
    return [(who, whose) for who in WHO for whose in (WHOSE if row.thing else ("",))]


def unharmed(house: House) -> bool:
    """Whether Eve has what she had. Said once for each harm, so that it is laid at the right door."""
    had, house.hers = house.hers, house.things_of(EVE)
    return had == house.hers


def names(house: House, row: Row, who: str, whose: str) -> list[Any]:
    """What a method is given in a cell that is refused."""
    return house.names(row.thing, who, whose) if row.thing else [row.dummy]


def done(house: House, row: Row, who: str, whose: str) -> bool:
    """Whether somebody can do what the table allows them. What that uses up is made anew afterwards."""
    if row.fresh:
        house.renew(who)
    if row.thing:
        (it,) = house.names(row.thing, who, whose)
    else:
        it = row.prepare(house, who) if row.prepare else row.dummy
    letter, _ = tried(house, row, house.actor(who), it)
    until(lambda: all(thread.name not in ("run", "run saver") for thread in threading.enumerate()))
    if row.thing and row.expected(who, whose) == "o":
        house.used(row.thing, who, whose)
    if row.fresh:
        house.renew(who)
    return letter in "o."


def tried(house: House, row: Row, actor: Actor | None, it: Any) -> tuple[str, str]:
    """The letter of what came of a try, and the words in which it was refused. Eve's own words never come back."""
    try:
        result = row.call(house.studio, actor, it)
    except StudioError as problem:
        words = f"{problem.code}: {problem.message} {problem.hint}".replace(str(it), "…")
        return LETTERS.get(type(problem), words), words
    assert not any(words in repr(result) for words in EVES_WORDS)
    return "o" if result else ".", ""
