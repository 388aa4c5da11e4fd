"""Audit: what was done, found by filters, in words, and as a file."""

import csv
import json

import pytest

from engine.accounts.actor import Role
from engine.accounts.audit import EVERYTHING, AuditFilter
from pages.ui.acts import KINDS, kind_of

PAGE = "admin/audit.py"


def words(at):
    kinds = (at.markdown, at.caption, at.subheader)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")


def column(at, name):
    return list(at.dataframe[0].value[name]) if at.dataframe else []


@pytest.fixture
def rosa(add_person):
    """An administrator."""
    return add_person("rosa@example.org", Role.ADMIN)


@pytest.fixture
def acts(studio, rosa, noor):
    """Some acts on a person and on a department."""
    travel = studio.departments.add(rosa, "Travel")
    studio.people.set_department(rosa, noor.person_id, travel.id)
    studio.people.set_role(rosa, noor.person_id, Role.LEAD)


def test_acts_are_told_in_words_newest_first(tab, rosa, acts):
    at = tab(rosa, PAGE)
    said = column(at, "What")
    assert said[0].startswith("Signed in")
    assert "Changed the role: Noor Haddad" in said and "Added a department: Travel" in said
    assert "role: user → lead" in column(at, "Detail") and "department: Travel" in column(at, "Detail")
    assert not at.exception


def test_the_filters_find_a_kind_a_person_and_everything_again(tab, studio, rosa, noor, acts):
    at = tab(rosa, PAGE)
    at.session_state["kind"] = "department"
    assert column(at.run(), "What") == ["Added a department: Travel"]
    at.session_state["who"] = "noor-haddad"
    assert column(at.run(), "What") == [] and "Nothing was done here" in words(at)
    next(button for button in at.main.button if button.label == "Show everything").click().run()
    assert len(column(at, "What")) == studio.audit.count(rosa)


def test_a_row_opens_with_what_was_before_and_after(tab, rosa, acts):
    at = tab(rosa, PAGE)
    row = column(at, "What").index("Changed the role: Noor Haddad")
    at.session_state[at.dataframe[0].key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    at.session_state["audit/picked"] = True  # what choosing the row sets
    at.run()
    assert ":red-background[− user]" in words(at) and ":green-background[+ lead]" in words(at)
    assert "− user" not in words(at.run()), "closed, it stays closed while the row is still chosen"


def test_every_act_of_the_house_has_its_kind(studio, rosa, acts):
    assert {kind_of(action) for action in studio.audit.actions(rosa)} <= {*KINDS} - {"other"}


def test_the_export_has_what_the_filters_find(studio, rosa, acts):
    everything = json.loads(studio.audit.export(rosa, EVERYTHING, "json"))
    assert len(everything) == studio.audit.count(rosa)
    text = studio.audit.export(rosa, AuditFilter(action="department"), "csv").decode()
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["action"] for row in rows] == ["department.add"]
