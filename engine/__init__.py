"""Persona Studio's engine: routes, guards and meters every model call. These names are all that is public."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine import errors
    from engine.accounts.actor import Actor
    from engine.direct import LLMResult, StructuredResult, run_llm, run_structured
    from engine.settings import Settings, load_settings
    from engine.studio import Studio, open_studio

_HOMES = {
    "Actor": "engine.accounts.actor",
    "LLMResult": "engine.direct",
    "Settings": "engine.settings",
    "StructuredResult": "engine.direct",
    "Studio": "engine.studio",
    "load_settings": "engine.settings",
    "open_studio": "engine.studio",
    "run_llm": "engine.direct",
    "run_structured": "engine.direct",
}
__all__ = [
    "Actor",
    "LLMResult",
    "Settings",
    "StructuredResult",
    "Studio",
    "errors",
    "load_settings",
    "open_studio",
    "run_llm",
    "run_structured",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use: a submodule can then be imported without the whole house."""
    import importlib

    if name == "errors":
        return importlib.import_module("engine.errors")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
