"""The rules of the house that no linter knows."""

import ast
import inspect
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

import engine
from engine.accounts.rights import Right
from engine.personas.spec import asked_for, fields_of
from engine.providers import PROVIDERS
from engine.studio import Studio

ROOT = Path(__file__).parents[1]
HOUSE = [path for room in ("engine", "db", "pages") for path in sorted((ROOT / room).rglob("*.py"))] + [ROOT / "app.py"]
CODE = [path for path in HOUSE if "versions" not in path.parts]
LONGEST_MODULE, LONGEST_FUNCTION, LONGEST_PAGE = 400, 40, 120
NOT_SERVICES = {"model_lists", "settings", "database", "generation", "adapters", "runs", "mail", "retention"}


def trees():
    for path in CODE:
        yield path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def body_lines(function):
    """Lines of a function without its signature and docstring."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or first.lineno) - first.lineno + 1


def test_no_module_is_too_long_to_read():
    too_long = {str(path): len((ROOT / path).read_text("utf-8").splitlines()) for path, _ in trees()}
    assert {path: lines for path, lines in too_long.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen():
    long = [f"{path}:{f.name}" for path, tree in trees() for f in functions(tree) if body_lines(f) > LONGEST_FUNCTION]
    assert long == []


def test_every_module_says_what_it_owns():
    silent = [str(path) for path, tree in trees() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def services():
    """Each public method of each service of the studio."""
    hints = inspect.get_annotations(Studio, eval_str=True)
    for field in fields(Studio):
        if field.name not in NOT_SERVICES:
            for name, method in inspect.getmembers(hints[field.name], inspect.isfunction):
                if not name.startswith("_"):
                    yield f"{field.name}.{name}", method


@pytest.mark.parametrize(
    ("name", "method"), list(services()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_service_method_declares_its_right(name, method):
    assert hasattr(method, "__right__"), f"{name} declares no right"
    right = method.__right__
    if right is None:
        assert name.startswith(("access.", "joining.")), f"{name} may be asked by anybody"
    else:
        assert isinstance(right, Right)
        assert list(inspect.signature(method).parameters)[1] == "actor"


def test_every_adapter_stands_in_the_registry():
    rows = {spec.adapter.partition(":")[0].rpartition(".")[2] for spec in PROVIDERS.values()}
    adapters = {
        path.stem
        for path in (ROOT / "engine/providers").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and {"stream", "list_models", "check"} <= {f.name for f in functions(node)}
    }
    assert adapters == rows


def test_only_the_one_line_calls_a_provider():
    callers = {
        str(path)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "stream" and path.parts[0] == "engine"
        if "providers" not in path.parts
    }
    assert callers == {"engine/generation.py"}


def test_pages_never_act_as_the_operator():
    naming = [str(p) for p, tree in trees() if p.parts[0] == "pages" for n in ast.walk(tree) if _names_operator(n)]
    assert naming == []


def _names_operator(node):
    return isinstance(node, ast.Attribute) and node.attr == "operator"


def test_no_error_is_swallowed():
    bare = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and [type(n) for n in node.body] == [ast.Pass]
    ]
    assert bare == []


def test_page_scripts_lie_only_in_sub_folders():
    assert [path.name for path in (ROOT / "pages").glob("*.py") if path.name != "__init__.py"] == ["shell.py"]


def test_public_names_are_exactly_these():
    assert all(getattr(engine, name) is not None for name in engine.__all__)
    assert set(engine._HOMES) | {"errors"} == set(engine.__all__)


def test_every_persona_field_is_asked_for_in_one_step_of_the_builder():
    steps = ("role", "voice", "knows", "limits", "samples", "review")
    assert sorted(name for step in steps for name in fields_of(step)) == sorted(asked_for())


def test_every_setting_is_in_the_readme():
    readme = (ROOT / "README.md").read_text("utf-8")
    from engine.settings import Settings

    variables = [str(f.validation_alias) for f in Settings.model_fields.values() if f.validation_alias]
    assert [name for name in variables if f"`{name}`" not in readme] == []


def test_the_error_tree_is_drawn_in_full():
    from engine import errors

    drawn = errors.__doc__ or ""
    classes = [
        name for name, value in vars(errors).items() if inspect.isclass(value) and value.__module__ == errors.__name__
    ]
    assert [name for name in classes if not re.search(rf"\b{name}\b", drawn)] == []


def test_profiles_name_full_model_ids_and_known_surfaces_have_a_mode():
    from engine.routing.tables import load_tables

    tables = load_tables()
    assert tables.default in tables.profiles and tables.stand_in in tables.profiles
    assert {surface.mode for surface in tables.surfaces.values()} <= set(tables.modes)
    assert tables.profiles["compat"] == {"openai": ("gpt-4.1",)}


def test_pins_are_exact():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-local.txt"):
        lines = [line for line in (ROOT / name).read_text("utf-8").splitlines() if re.match(r"[a-z]", line)]
        assert lines and all("==" in line for line in lines)


def test_project_files_are_readable():
    tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for path in (ROOT / "engine").rglob("*.yaml"):
        yaml.safe_load(path.read_text("utf-8"))
