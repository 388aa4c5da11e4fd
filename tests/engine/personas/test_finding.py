"""Finding personas among many: by words, kind, department and order, a page at a time, at the same cost."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from db.models.base import NOBODY
from db.models.metering import LATENCY_BUCKETS, DailyUsage
from db.models.personas import Persona
from db.repositories.listing import listing
from engine.accounts.actor import Actor, Role
from engine.personas.catalogue import PersonaCard
from engine.studio import Studio
from tests.engine.conftest import Clock, person
from tests.engine.cost import statements, work
from tests.engine.personas.test_catalogue import published

OPERATOR = Actor.operator()
MANY = 2_000


def names(cards: tuple[PersonaCard, ...]) -> list[str]:
    return [card.name for card in cards]


def add_many(studio: Studio, clock: Clock, owner: UUID, count: int, visibility: str = "workspace") -> None:
    """Rows as publishing would leave them, in one go."""
    rows = []
    for number in range(count):
        content = {"name": f"Persona {number:05}", "role": "Guide", "system_prompt": "x" * 3_000}
        row = {"id": uuid7(), "owner_id": owner, "key": f"{visibility}-{number}", "version": 1, "content": content}
        times = {"created_at": clock(), "updated_at": clock(), "visibility": visibility}
        rows.append(row | times | listing(str(row["key"]), content))
    with studio.database.write() as unit:
        unit.connection.execute(insert(Persona), rows)
    with studio.database.write() as unit:
        unit.connection.execute(text("ANALYZE"))


def test_every_word_counts_whatever_its_case_and_accents(studio: Studio, ada: Actor) -> None:
    rosa = person(studio, "Rosa")
    travel = studio.departments.add(OPERATOR, "Travel & Náutica").id
    studio.people.set_department(OPERATOR, rosa.person_id, travel)  # type: ignore[arg-type]
    published(studio, ada, name="Núria", role="Guide 100%", tags=["Ropes", "x_y"])
    published(studio, rosa, name="Straße", role="Kapitän", tags=["海"], visibility="workspace")
    found = {
        "NURIA ropes": ["Núria"],
        "ropes kapitan": [],
        "strasse KAPITÄN": ["Straße"],
        "海": ["Straße"],
        "nautica": ["Straße"],
        "rosa": ["Straße"],
        "100%": ["Núria"],
        "x_y": ["Núria"],
        "x%y": [],
        "  ": ["Núria", "Straße"],
        "nul\0 \ud800": [],
    }
    for words, expected in found.items():
        catalogue = studio.personas.catalogue(ada, search=words)
        assert [*names(catalogue.own), *names(catalogue.team)] == expected, words
        assert catalogue.count == len(expected) + (8 if not words.strip() else 0)


def test_kind_department_and_order_narrow_and_sort(studio: Studio, ada: Actor, clock: Clock) -> None:
    lead = person(studio, "Rosa", role=Role.LEAD)
    travel = studio.departments.add(OPERATOR, "Travel").id
    studio.people.set_department(OPERATOR, lead.person_id, travel)  # type: ignore[arg-type]
    lead = studio.people.acting_as(OPERATOR, lead.email)
    studio.departments.choose_personas(lead, travel, recommended=["trip-planner"], default_persona=None)
    for name, kind in (("Cleo", "domain"), ("abel", "domain"), ("Bert", "character")):
        published(studio, lead, name=name, modality=kind, visibility="workspace")
    assert names(studio.personas.catalogue(ada).team) == ["abel", "Bert", "Cleo"]
    assert names(studio.personas.catalogue(ada, sort="newest").team) == ["Bert", "abel", "Cleo"]
    assert names(studio.personas.catalogue(ada, modalities=["domain"]).team) == ["abel", "Cleo"]
    here = studio.personas.catalogue(ada, department=travel)
    assert (names(here.team), [card.key for card in here.builtin]) == (["abel", "Bert", "Cleo"], ["trip-planner"])
    assert {card.department for card in here.team} == {"Travel"}
    assert studio.personas.catalogue(ada, department=uuid7()).count == 0


def use(studio: Studio, clock: Clock, who: UUID, key: str, calls: int) -> None:
    """So many calls of a persona today, as the daily sums have them."""
    words = dict.fromkeys(("provider", "model", "profile", "surface", "mode"), "x")
    sums = ("errors", "unknown_price", "input", "cache_read", "cache_write", "output", "reasoning", "saved_nano")
    numbers = dict.fromkeys((*sums, *LATENCY_BUCKETS), 0) | {"calls": calls, "cost_nano": calls * 1_000_000}
    of = {"day": clock().date(), "person_id": who, "department_id": NOBODY, "persona_key": key, "tier": 1}
    with studio.database.write() as unit:
        unit.connection.execute(insert(DailyUsage), [of | words | numbers | {"key_source": "env"}])


def test_the_most_used_come_first_and_each_sees_the_use_that_is_theirs_to_see(
    studio: Studio, ada: Actor, clock: Clock
) -> None:
    bob, admin = person(studio, "Bob"), person(studio, "Rosa", role=Role.ADMIN)
    for name in ("Abel", "Bert", "Cleo"):
        published(studio, bob, name=name, visibility="workspace")
    me, him = ada.person_id, bob.person_id
    assert me is not None and him is not None
    use(studio, clock, me, "team:bob/cleo", 5)
    use(studio, clock, me, "team:bob/bert", 2)
    use(studio, clock, me, "writer", 1)
    use(studio, clock, him, "user:cleo", 10)
    use(studio, clock, me, "user:cleo", 100)  # another persona, of another owner
    found = studio.personas.catalogue(ada, sort="used")
    assert names(found.team) == ["Cleo", "Bert", "Abel"] and found.builtin[0].key == "writer"
    second = studio.personas.catalogue(ada, sort="used", most=1, pages={"team": 2, "builtin": 2})
    assert names(second.team) == ["Bert"] and second.builtin[0].key == "developer" and second.totals["team"] == 3
    for who, key, mine, everybody in (
        (ada, "team:bob/cleo", 5, None),
        (bob, "user:cleo", 10, 15),
        (admin, "team:bob/cleo", 0, 15),
        (admin, "writer", 0, 1),
        (ada, "maestro", 0, None),
    ):
        used = studio.personas_used.of(who, [key])[key]
        assert (used.mine.calls, used.everybody and used.everybody.calls) == (mine, everybody), (who.name, key)
        assert used.mine.cost_usd * 1000 == mine
    clock.forward(days=31)
    assert names(studio.personas.catalogue(ada, sort="used").team) == ["Abel", "Bert", "Cleo"]
    assert studio.personas_used.of(bob, ["user:cleo"])["user:cleo"].mine.calls == 0


@pytest.mark.parametrize("sort", ["name", "newest"])
def test_a_page_of_many_asks_and_reads_as_much_as_a_page_of_few(
    studio: Studio, ada: Actor, clock: Clock, sort: Any
) -> None:
    bob = person(studio, "Bob")
    assert ada.person_id is not None and bob.person_id is not None
    add_many(studio, clock, bob.person_id, 30)
    add_many(studio, clock, ada.person_id, 30, "private")
    with statements() as few:
        studio.personas.catalogue(ada, sort=sort)
    of_few = work(studio, few, "personas")
    add_many(studio, clock, person(studio, "Cleo").person_id, MANY)  # type: ignore[arg-type]
    add_many(studio, clock, person(studio, "Dora").person_id, MANY, "private")  # type: ignore[arg-type]
    with statements() as many:
        found = studio.personas.catalogue(ada, sort=sort)
    assert [said for said, _ in many] == [said for said, _ in few] and len(many) <= 4
    assert found.totals == {"own": 30, "team": 30 + MANY, "builtin": 8}
    assert len(found.own) == len(found.team) == 24
    assert not any("content" in said for said, _ in many)
    assert 0 < work(studio, many, "personas") <= of_few * 1.2
    last = studio.personas.catalogue(ada, pages={"team": (30 + MANY) // 24 + 1}, sort=sort)
    assert len(last.team) == (30 + MANY) % 24
    with statements() as one:
        studio.personas.get(ada, f"team:cleo/workspace-{MANY - 1}")
        studio.personas.names(ada, ["maestro", "user:private-3", "team:bob/workspace-2", "team:dora/private-1"])
    assert len(one) == 3
    labels = studio.personas.names(ada, ["maestro", "user:private-3", "team:bob/workspace-2", "team:dora/private-1"])
    assert labels == {
        "maestro": "Maestro de Ritmos",
        "user:private-3": "Persona 00003",
        "team:bob/workspace-2": "Persona 00002",
    }
