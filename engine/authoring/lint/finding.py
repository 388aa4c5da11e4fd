"""What a rule finds, and what it may look at."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.personas.spec import PersonaSpec

Severity = Literal["error", "warning", "hint"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "hint")
"""Worst first: broken or unsafe, worth a look, good to have."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a rule may know besides the persona. `packs`: keys of the knowledge packs that its writer can pin."""

    packs: frozenset[str] = frozenset()
    budget_tokens: int = 1_500


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a rule found in a field.

    `fix` has whole new values by field, as stored; without it the field is the place to go. `at` is the item of a
    field that has several.
    """

    field: str
    sentence: str
    fix: Mapping[str, Any] | None = None
    fix_label: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of finding and the one function that looks for it."""

    title: str
    severity: Severity
    look: Callable[[PersonaSpec, Around], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A `Found` with the rule that found it."""

    rule: str
    title: str
    severity: Severity
    field: str
    sentence: str
    fix: Mapping[str, Any] | None
    fix_label: str
    at: int | None
