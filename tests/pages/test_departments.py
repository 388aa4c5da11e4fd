"""Departments: who leads them, and the personas that are recommended to them."""

import pytest
from streamlit.util import calc_hash

from engine.accounts.actor import Role

PAGE = "admin/departments.py"


def words(at):
    kinds = (at.markdown, at.caption, at.error, at.info, at.subheader, at.toast)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")


def labels(at):
    return [button.label for button in at.main.button]


def press(at, label):
    next(button for button in at.main.button if button.label == label).click().run()
    assert not at.exception
    return at


@pytest.fixture
def rosa(add_person):
    """An administrator."""
    return add_person("rosa@example.org", Role.ADMIN)


@pytest.fixture
def house(studio, rosa):
    """Two departments by name."""
    return {name: studio.departments.add(rosa, name).id for name in ("Clinic", "Travel")}


@pytest.fixture
def lead(studio, rosa, house, add_person):
    """Who leads the clinic."""
    noor = add_person(role=Role.LEAD)
    studio.people.set_department(rosa, noor.person_id, house["Clinic"])
    return studio.people.acting_as(rosa, noor.email)


def of(studio, actor, name):
    return next(each for each in studio.departments.all(actor) if each.name == name)


def test_an_empty_house_says_what_to_do(tab, rosa):
    at = tab(rosa, PAGE)
    assert "No departments yet" in words(at) and labels(at) == ["Add a department"]


def test_an_admin_sees_all_and_chooses_for_any(tab, studio, rosa, house, lead):
    at = tab(rosa, PAGE)
    assert "1 person · led by Noor Haddad" in words(at) and "0 people · no lead" in words(at)
    at.multiselect(key=f"recommended/{house['Travel']}").set_value(["trip-planner", "maestro"]).run()
    at.selectbox(key=f"default/{house['Travel']}").set_value("maestro").run()
    travel = of(studio, rosa, "Travel")
    assert (travel.recommended, travel.default_persona) == (("trip-planner", "maestro"), "maestro")
    at.multiselect(key=f"recommended/{house['Travel']}").set_value(["trip-planner"]).run()
    assert of(studio, rosa, "Travel").default_persona is None, "the default was taken off the list"
    assert not at.exception


def test_a_lead_sees_their_own_and_neither_renames_nor_removes(tab, studio, house, lead):
    at = tab(lead, PAGE)
    assert "Clinic" in words(at) and "Travel" not in words(at)
    assert labels(at) == []
    at.multiselect(key=f"recommended/{house['Clinic']}").set_value(["maestro"]).run()
    assert of(studio, lead, "Clinic").recommended == ("maestro",)


def test_a_lead_without_a_department_is_told(tab, house, add_person):
    assert "You lead no department" in words(tab(add_person(role=Role.LEAD), PAGE))


def test_a_choice_for_a_department_that_is_gone_is_explained(tab, studio, rosa, house):
    at = tab(rosa, PAGE)
    studio.departments.remove(rosa, house["Travel"])
    at.multiselect(key=f"recommended/{house['Travel']}").set_value(["maestro"]).run()
    assert not at.exception
    assert "Clinic" in words(at) and "Travel" not in words(at)


def test_removing_names_what_is_lost_and_asks(tab, studio, rosa, house, lead):
    at = press(tab(rosa, PAGE), ":red[Remove]")
    assert "1 person stays here, in no department" in words(at)
    assert len(studio.departments.all(rosa)) == 2


def test_a_member_is_refused(tab, house, noor):
    at = tab(noor)
    at._page_hash = calc_hash("departments")
    assert "for administrators" in words(at.run()) and "Clinic" not in words(at)
