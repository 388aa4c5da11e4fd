"""Lint for personas: rules that read one at once, ask nobody, and change nothing.

A new rule is one function and one row here.
"""

from collections.abc import Collection
from functools import lru_cache

from engine.authoring.lint.basics import half_sample, no_name, no_samples, nobody, said_twice, unfilled
from engine.authoring.lint.budget import over_budget
from engine.authoring.lint.finding import SEVERITIES, Around, Finding, Rule, Severity
from engine.authoring.lint.injection import hidden_characters, injected_instructions, role_markers
from engine.authoring.lint.knowledge import knows_nothing, missing_pack, no_gaps, search_without_pack
from engine.authoring.lint.limits import contradicting_limits, known_and_unknown, missing_boundary
from engine.authoring.lint.samples import sample_breaks_limit
from engine.authoring.lint.voice import no_voice, torn_voice, vague_voice
from engine.personas.spec import PersonaSpec

__all__ = ["RULES", "SEVERITIES", "Around", "Finding", "Severity", "lint", "mended"]

RULES: dict[str, Rule] = {
    "no-name": Rule("No name", "error", no_name),
    "nobody": Rule("Nobody there", "error", nobody),
    "injected-instructions": Rule("Speaks to the model", "error", injected_instructions),
    "role-markers": Rule("A foreign mark", "error", role_markers),
    "contradicting-limits": Rule("Contradiction", "error", contradicting_limits),
    "sample-breaks-limit": Rule("Contradiction", "error", sample_breaks_limit),
    "hidden-characters": Rule("Invisible text", "warning", hidden_characters),
    "torn-voice": Rule("Two directions", "warning", torn_voice),
    "vague-voice": Rule("Vague voice", "warning", vague_voice),
    "known-and-unknown": Rule("Known and unknown", "warning", known_and_unknown),
    "missing-pack": Rule("No such pack", "warning", missing_pack),
    "half-sample": Rule("Half a sample", "warning", half_sample),
    "unfilled": Rule("A gap to fill", "warning", unfilled),
    "over-budget": Rule("Over budget", "warning", over_budget),
    "missing-boundary": Rule("Missing boundary", "hint", missing_boundary),
    "no-voice": Rule("No voice", "hint", no_voice),
    "knows-nothing": Rule("Knows nothing", "hint", knows_nothing),
    "no-gaps": Rule("No gaps", "hint", no_gaps),
    "search-without-pack": Rule("Nothing to search", "hint", search_without_pack),
    "no-samples": Rule("No samples", "hint", no_samples),
    "said-twice": Rule("Said twice", "hint", said_twice),
}


def lint(spec: PersonaSpec, *, packs: Collection[str] = ()) -> tuple[Finding, ...]:
    """What to look at, the worst first. `packs`: keys of the knowledge packs that the writer can pin."""
    return _lint(spec, Around(frozenset(packs)))


@lru_cache(maxsize=64)
def _lint(spec: PersonaSpec, around: Around) -> tuple[Finding, ...]:
    found = [
        Finding(key, rule.title, rule.severity, each.field, each.sentence, each.fix, each.fix_label, each.at)
        for key, rule in RULES.items()
        for each in rule.look(spec, around)
    ]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def mended(spec: PersonaSpec, finding: Finding) -> PersonaSpec:
    """The persona after the fix of a finding; as it was when that has none."""
    return PersonaSpec.model_validate({**spec.model_dump(mode="json"), **(finding.fix or {})})
