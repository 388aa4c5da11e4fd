"""Departments: who may change them, and what their people are recommended."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from engine.accounts.actor import Actor, Role
from engine.accounts.departments import Department
from engine.errors import BadInput, Forbidden, NotFound
from engine.studio import Studio
from tests.db.races import race
from tests.engine.conftest import person

OPERATOR = Actor.operator()


@pytest.fixture
def sales(studio: Studio) -> UUID:
    return studio.departments.add(OPERATOR, "Sales").id


def member(studio: Studio, name: str, department_id: UUID | None, role: Role = Role.USER) -> Actor:
    """A person in a department, as an actor."""
    who = person(studio, name, role=role)
    assert who.person_id is not None
    studio.people.set_department(OPERATOR, who.person_id, department_id)
    return studio.people.acting_as(OPERATOR, who.email)


def the(studio: Studio, department_id: UUID) -> Department:
    return next(found for found in studio.departments.all(OPERATOR) if found.id == department_id)


def test_everybody_sees_departments_with_their_size_and_their_leads(studio: Studio, sales: UUID) -> None:
    member(studio, "Zoe", sales, Role.LEAD)
    bea = member(studio, "bea", sales, Role.LEAD)
    gone = member(studio, "Gone", sales, Role.LEAD)
    studio.people.disable(OPERATOR, gone.person_id or uuid7())
    member(studio, "Ada", sales)
    studio.departments.add(OPERATOR, "care")
    care, found = studio.departments.all(bea)
    assert (care.name, care.people, care.leads, care.recommended, care.default_persona) == ("care", 0, (), (), None)
    assert (found.name, found.people, found.leads) == ("Sales", 4, ("bea", "Zoe"))


def test_a_name_is_taken_once_whatever_its_case(studio: Studio, sales: UUID) -> None:
    care = studio.departments.add(OPERATOR, "Care").id
    for refused in ("sales", "  SALES ", "", " "):
        with pytest.raises(BadInput):
            studio.departments.add(OPERATOR, refused)
        with pytest.raises(BadInput):
            studio.departments.rename(OPERATOR, care, refused)
    assert studio.departments.rename(OPERATOR, sales, "SALES").name == "SALES"
    assert the(studio, care).name == "Care"
    with pytest.raises(NotFound):
        studio.departments.rename(OPERATOR, uuid7(), "Press")


def test_a_name_is_taken_once_by_many_at_the_same_moment(studio: Studio) -> None:
    def add(racer: int) -> bool:
        try:
            studio.departments.add(OPERATOR, "Sales")
        except BadInput:
            return False
        return True

    assert sum(race(add, 6)) == 1 and len(studio.departments.all(OPERATOR)) == 1


def test_a_removed_department_leaves_its_people_in_none(studio: Studio, sales: UUID) -> None:
    ada = member(studio, "Ada", sales)
    studio.departments.remove(OPERATOR, sales)
    assert studio.people.acting_as(OPERATOR, ada.email).department_id is None
    assert studio.departments.all(OPERATOR) == []
    with pytest.raises(NotFound):
        studio.departments.remove(OPERATOR, sales)


def test_nobody_ends_up_in_a_department_that_is_removed_at_that_moment(studio: Studio) -> None:
    people = [person(studio, f"P{number}").person_id or uuid7() for number in range(4)]
    for number in range(8):
        department = studio.departments.add(OPERATOR, f"Short lived {number}").id

        def act(racer: int, department: UUID = department) -> None:
            if racer == 4:
                studio.departments.remove(OPERATOR, department)
                return
            try:
                studio.people.set_department(OPERATOR, people[racer], department)
            except NotFound as problem:
                assert "no such department" in problem.message

        race(act, 5)
        assert {found.department_id for found in studio.people.all(OPERATOR)} == {None}


def test_leads_choose_for_their_own_department_only(studio: Studio, sales: UUID) -> None:
    care = studio.departments.add(OPERATOR, "Care").id
    lead = member(studio, "Lea", sales, Role.LEAD)
    choose = studio.departments.choose_personas
    chosen = choose(lead, sales, recommended=["writer", "maestro", "writer"], default_persona="maestro")
    assert (chosen.recommended, chosen.default_persona) == (("writer", "maestro"), "maestro")
    errors = []
    for elsewhere in (care, uuid7()):
        with pytest.raises(NotFound) as caught:
            choose(lead, elsewhere, recommended=["writer"], default_persona=None)
        errors.append(caught.value.message)
    assert errors[0] == errors[1] and the(studio, care).recommended == ()
    with pytest.raises(Forbidden):
        choose(member(studio, "Ada", sales), sales, recommended=[], default_persona=None)
    admin = member(studio, "Rosa", None, Role.ADMIN)
    assert choose(admin, care, recommended=["general"], default_persona=None).recommended == ("general",)
    with pytest.raises(Forbidden):
        studio.departments.rename(lead, sales, "Mine")


def test_only_personas_that_everybody_can_use_are_recommended(studio: Studio, sales: UUID) -> None:
    choose = studio.departments.choose_personas
    for refused in (["nobody"], ["user:ada"], ["general", ""]):
        with pytest.raises(BadInput, match="Not everybody"):
            choose(OPERATOR, sales, recommended=refused, default_persona=None)
    with pytest.raises(BadInput, match="default is not among"):
        choose(OPERATOR, sales, recommended=["general"], default_persona="writer")
    assert the(studio, sales).recommended == ()


def test_each_act_is_in_the_log_with_the_name_of_today(studio: Studio, sales: UUID) -> None:
    rosa = member(studio, "Rosa", sales, Role.ADMIN)
    studio.departments.rename(rosa, sales, "Trade")
    studio.departments.rename(rosa, sales, "Trade")
    studio.departments.choose_personas(rosa, sales, recommended=["general"], default_persona="general")
    studio.departments.choose_personas(rosa, sales, recommended=["general"], default_persona="general")

    def log() -> list[tuple[str, str]]:
        found = reversed(studio.audit.page(OPERATOR))
        return [(act.action, act.target) for act in found if act.target_kind == "department"]

    assert log() == [(f"department.{verb}", "Trade") for verb in ("add", "rename", "personas")]
    studio.departments.remove(rosa, sales)
    assert log()[-1] == ("department.remove", f"deleted …{sales.hex[-6:]}")
    (removed,) = [act for act in studio.audit.page(OPERATOR) if act.action == "department.remove"]
    assert removed.before == {"people": 1}
