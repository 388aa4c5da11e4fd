"""Rules of the pages that no linter knows: the gate comes first, the registry is whole, pages only draw."""

import ast
from pathlib import Path
from typing import get_args

import pytest

from engine.accounts.keys import KeyState
from engine.personas.spec import asked_for, fields_of
from engine.runs import State
from pages.ui.api_key_field import STATES as KEY_STATES
from pages.ui.builder_steps import HINTS, ORDER, STEPS
from pages.ui.forms import WIDGETS
from pages.ui.navigation import PAGES, SETUP, SIGN_IN, url_of
from pages.ui.preview import STATES

PAGES_DIR = Path(__file__).parents[2] / "pages"
SCRIPTS = sorted(path for path in PAGES_DIR.glob("*/*.py") if path.parent.name != "ui")
MODULES = sorted(PAGES_DIR.rglob("*.py"))
LONGEST_PAGE = 120
FOREIGN = {"sqlalchemy", "db", "openai", "anthropic", "google", "groq", "httpx", "httpx2", "requests", "urllib"}


def tree(path):
    return ast.parse(path.read_text("utf-8"))


def name_of(path):
    return str(path.relative_to(PAGES_DIR))


def is_require(statement):
    """`require(…)`, alone or as `actor = require(…)`."""
    call = getattr(statement, "value", None)
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") == "require"


def first_call(path):
    """The first statement that does something: after docstring, imports, and constants."""
    for statement in tree(path).body:
        quiet = isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef) or (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        )
        constant = isinstance(statement, ast.Assign) and isinstance(
            statement.value, ast.Constant | ast.Tuple | ast.Dict
        )
        if not quiet and not constant:
            return statement
    return None


def gated_functions(path):
    """Functions that Streamlit runs without the shell."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            marks = {ast.unparse(mark).partition("(")[0] for mark in node.decorator_list}
            if marks & {"st.fragment", "st.dialog"}:
                yield node


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_a_page_begins_with_require(path):
    assert is_require(first_call(path))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_fragments_and_dialogs_begin_with_require(path):
    for function in gated_functions(path):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        assert is_require(body[0]), function.name


def test_there_are_fragments_and_dialogs_to_look_at():
    found = {function.name for path in MODULES for function in gated_functions(path)}
    assert found == {
        "look",
        "keep_trying",
        "discard",
        "delete",
        "enter_key",
        "remove_key",
        "confirm",
        "change_password",
        "add_authenticator",
        "remove_authenticator",
        "delete_account",
        "delete_person",
        "add_person",
        "name_it",
        "set_the_price",
        "remove",
        "look_at",
        "stop_everything",
        "edit_plans",
        "set_budget",
        "correct_a_call",
        "rename",
        "restore",
        "ask_all",
        "run_checks",
        "ask_again",
        "go_on",
        "edit_checks",
        "details",
        "share",
        "delete_several",
        "adopt",
        "as_shipped",
        "take_away",
        "add_to_cast",
        "scene_settings",
        "fork_from",
        "delete_scene",
        "seen_again",
        "import_card",
        "export_cards",
    }


def test_every_page_stands_in_the_registry_and_every_row_has_its_page():
    assert {name_of(path) for path in SCRIPTS} == {row[0] for row in PAGES} | {SIGN_IN, SETUP}


def test_addresses_are_unique():
    addresses = [url_of(row[0]) for row in PAGES]
    assert len({*addresses, "setup"}) == len(addresses) + 1


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_a_page_can_be_read_on_two_screens(path):
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_PAGE


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_pages_only_draw(path):
    for node in ast.walk(tree(path)):
        assert not isinstance(node, ast.ClassDef), node.name
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert not FOREIGN & {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_raw_html_is_never_made_of_text_by_people(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            assert "unsafe_allow_html" not in {argument.arg for argument in node.keywords}
            if ast.unparse(node.func) == "st.html":
                assert name_of(path) in {"shell.py", "ui/context.py", "ui/live_text.py"}


def test_every_kind_of_field_can_be_drawn():
    assert {shown["widget"] for shown in asked_for().values()} == set(WIDGETS)


def test_every_end_of_an_answer_has_its_badge():
    assert {*get_args(State), "current", "behind"} - {"done"} == set(STATES)


def test_every_state_of_a_key_has_its_badge():
    assert {*get_args(KeyState), "testing"} == set(KEY_STATES)


def test_the_steps_of_the_builder_are_those_of_the_fields():
    assert sorted(name for step in ORDER for name in fields_of(step)) == sorted(asked_for())
    assert list(HINTS) == [step for step in STEPS if step != "review"]
