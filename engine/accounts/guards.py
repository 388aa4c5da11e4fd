"""What a department may ask of its default persona: that its current version passed so much of its rehearsal.

Who may not be asked yet is held back: the general assistant answers in their place, until they have been rehearsed to
the end with enough checks passed, on any model.
"""

from db.models.people import Department as DepartmentRow
from db.models.personas import Persona as PersonaRow
from db.unit import Unit


def default_of(unit: Unit, department: DepartmentRow | None) -> str | None:
    """The persona that answers in a department when nobody is picked; None when there is none, or it is held back."""
    if department is None or why_held_back(unit, department.default_persona, department.guard_rate):
        return None
    return department.default_persona


def why_held_back(unit: Unit, reference: str | None, guard_rate: int | None) -> str:
    """Why a persona may not be a department's default, in one sentence; empty when it may."""
    row = _row(unit, reference) if reference and guard_rate else None
    if row is None or guard_rate is None:
        return ""
    best = unit.rehearsals.best_rate(row.id, row.version)
    if best is None:
        return f"{row.name} has not been rehearsed to the end in version {row.version}."
    if best.passed * 100 >= guard_rate * best.total:
        return ""
    return f"Version {row.version} of {row.name} passed {best.passed} of {best.total} checks, less than {guard_rate}%."


def _row(unit: Unit, reference: str) -> PersonaRow | None:
    kind, colon, rest = reference.partition(":")
    if not colon:
        return unit.personas.by_key(None, reference)
    handle, _, key = rest.partition("/")
    return unit.personas.of_handle(handle, key) if kind == "team" else None
