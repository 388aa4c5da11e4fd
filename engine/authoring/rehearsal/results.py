"""What personas were rehearsed to: sets of checks, the prompts that results belong to, the rates of versions."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from db.models.personas import Persona as PersonaRow
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.authoring.rehearsal.check_sets import MOST_CHECKS, check_set
from engine.authoring.rehearsal.checks import Check, checks_of
from engine.authoring.rehearsal.matrix import Matrix, matrix_of
from engine.personas.rights import spec_of
from engine.personas.spec import PersonaSpec
from engine.personas.versions import DRAFT, draft_of, prompt_text


def digest_of(spec: PersonaSpec) -> str:
    """What names the prompt that a persona makes: results belong to it, whatever the version is called."""
    return hashlib.sha256(prompt_text(spec).encode()).hexdigest()[:32]


def sets_of(unit: Unit, row: PersonaRow, actor: Actor | None = None) -> dict[int, tuple[Check, ...]]:
    """The checks by version: those of the persona as it is published, and for the actor's draft those of the draft."""
    own = check_set(unit, row)
    sets = {version.number: own for version, _ in unit.versions.of(row.id)}
    draft = draft_of(unit, actor, row) if actor else None
    if draft is not None:
        sets[DRAFT] = checks_of(spec_of(draft.content), unit.rehearsals.checks(row.id))[:MOST_CHECKS]
    return sets


def matrix_of_persona(unit: Unit, row: PersonaRow, actor: Actor | None = None) -> Matrix:
    """All results that still count. The draft stands in it where it says something else than the current version."""
    digests = {version.number: digest_of(spec_of(version.content)) for version, _ in unit.versions.of(row.id)}
    draft = draft_of(unit, actor, row) if actor else None
    if draft is not None and (digest := digest_of(spec_of(draft.content))) != digests[row.version]:
        digests[DRAFT] = digest
    sets: Mapping[int, tuple[Check, ...]] = {
        number: checks for number, checks in sets_of(unit, row, actor).items() if number in digests
    }
    return matrix_of(digests, sets, unit.rehearsals.results(row.id))


def save_rates(unit: Unit, row: PersonaRow, now: datetime) -> None:
    """Keep how many checks each version passed on each model, where all of them were judged."""
    matrix = matrix_of_persona(unit, row)
    unit.rehearsals.save_rates(
        [
            {
                "persona_id": row.id,
                "version": version,
                "model": model,
                "passed": matrix.count(version, model, "passed"),
                "total": len(matrix.sets[version]),
                "at": now,
            }
            for version in matrix.versions
            for model in matrix.models
            if matrix.is_complete(version, model)
        ]
    )
