"""People: found by filters in the address, and what can be done with those who are chosen."""

import pytest
from streamlit.util import calc_hash

from engine.accounts.actor import Actor, Role

PAGE = "admin/people.py"


def words(at):
    kinds = (at.markdown, at.caption, at.success, at.error, at.warning, at.info, at.toast, at.subheader)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")


def labels(at):
    return [button.label for button in at.main.button]


def rows(at):
    return list(at.dataframe[0].value["Name"]) if at.dataframe else []


def choose(at, *names):
    """Tick these rows of the table."""
    found = [rows(at).index(name) for name in names]
    at.session_state[at.dataframe[0].key] = {"selection": {"rows": found, "columns": [], "cells": []}}
    return at.run()


def press(at, label):
    next(button for button in at.main.button if button.label == label).click().run()
    assert not at.exception
    return at


def pick(at, label, value):
    next(box for box in at.main.selectbox if box.label == label and box.key != "department").set_value(value).run()
    assert not at.exception
    return at


@pytest.fixture
def rosa(studio):
    """An administrator."""
    operator = Actor.operator()
    studio.people.add(
        operator,
        email="rosa@example.org",
        name="Rosa Marlowe",
        password="correct horse battery",
        role=Role.ADMIN,
        verified=True,
    )
    return studio.people.acting_as(operator, "rosa@example.org")


@pytest.fixture
def house(studio, rosa):
    """Three people and two departments."""
    departments = {name: studio.departments.add(rosa, name).id for name in ("Clinic", "Travel")}
    people = {}
    for name, role, verified in (("Ada", Role.LEAD, True), ("Bo", Role.USER, False), ("Cy", Role.USER, True)):
        email = f"{name.lower()}@example.org"
        people[name] = studio.people.add(rosa, email=email, name=name, role=role, verified=verified)
    studio.people.set_department(rosa, people["Ada"].id, departments["Travel"])
    studio.people.disable(rosa, people["Cy"].id)
    return people


def test_everybody_is_listed_with_what_counts(tab, rosa, house):
    at = tab(rosa, PAGE)
    assert rows(at) == ["Ada", "Bo", "Cy", "Rosa Marlowe"]
    assert "4 people · 1 not verified · 1 disabled" in words(at)
    assert not at.exception


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "ada"}, ["Ada"]),
        ({"role": "lead"}, ["Ada"]),
        ({"role": "Team lead"}, ["Ada"]),
        ({"state": "disabled"}, ["Cy"]),
        ({"department": "Travel"}, ["Ada"]),
        ({"department": "Nowhere", "state": "nonsense"}, ["Ada", "Bo", "Cy", "Rosa Marlowe"]),
    ],
)
def test_the_filters_stand_in_the_address(tab, rosa, house, query, found):
    at = tab(rosa, PAGE, **query)
    assert rows(at) in (found, ["Ada", "Bo", "Cy", "Rosa Marlowe"])


def test_nobody_found_offers_the_way_back(tab, rosa, house):
    at = tab(rosa, PAGE, search="volcano")
    assert rows(at) == [] and "Nobody here is like that" in words(at)
    assert len(rows(press(at, "Clear filters"))) == 4


def test_one_person_is_verified_moved_promoted_and_let_in_again(tab, studio, rosa, house):
    def now(name):
        return studio.people.one(rosa, house[name].id)

    at = choose(tab(rosa, PAGE), "Bo")
    press(at, "Verify by hand")
    assert now("Bo").verified and "Bo is verified" in words(at)
    pick(choose(at, "Bo"), "Role", "Team lead")
    assert now("Bo").role is Role.LEAD
    pick(choose(at, "Bo"), "Department", "Clinic")
    assert now("Bo").department_id is not None
    pick(choose(at, "Bo"), "Department", "None")
    assert now("Bo").department_id is None
    press(choose(at, "Bo"), "Disable")
    assert now("Bo").disabled
    press(choose(at, "Bo"), "Let in again")
    assert not now("Bo").disabled


def test_what_is_refused_is_said_and_shown_as_it_is(tab, studio, rosa, house):
    at = choose(tab(rosa, PAGE), "Rosa Marlowe")
    assert "Disable" not in labels(at) and ":red[Delete]" not in labels(at), "one's own account"
    pick(at, "Role", "Member")
    assert "last administrator" in words(at)
    assert next(box for box in at.main.selectbox if box.label == "Role").value == "Admin"
    assert studio.people.one(rosa, rosa.person_id).role is Role.ADMIN


def test_several_get_the_acts_that_fit_all(tab, studio, rosa, house):
    at = choose(tab(rosa, PAGE), "Ada", "Bo", "Rosa Marlowe")
    assert "3 people" in words(at)
    assert {"Verify 1 by hand", "Sign out everywhere", "Disable 2"} <= {*labels(at)}
    pick(at, "Department", "Clinic")
    assert {studio.people.one(rosa, house[name].id).department_id for name in ("Ada", "Bo")} != {None}
    press(choose(at, "Ada", "Bo"), "Disable 2")
    assert studio.people.search(rosa, state="disabled").total == 3


def test_another_list_forgets_who_was_chosen(tab, rosa, house):
    at = choose(tab(rosa, PAGE), "Ada")
    assert "Sign out everywhere" in labels(at)
    at.text_input(key="search").set_value("bo").run()
    assert rows(at) == ["Bo"] and "Sign out everywhere" not in labels(at)


def test_deleting_names_what_is_lost_and_asks(tab, studio, rosa, house):
    at = press(choose(tab(rosa, PAGE), "Ada"), ":red[Delete]")
    assert "This cannot be undone" in words(at)
    assert studio.people.one(rosa, house["Ada"].id)


@pytest.mark.parametrize("role", [Role.USER, Role.LEAD])
@pytest.mark.parametrize("address", ["people", "audit"])
def test_nobody_else_sees_the_page(tab, rosa, add_person, role, address):
    at = tab(add_person(role=role))
    at._page_hash = calc_hash(address)
    at.run()
    assert [error.value for error in at.error] == ["This page is for administrators."]
    assert not at.title and not at.dataframe
