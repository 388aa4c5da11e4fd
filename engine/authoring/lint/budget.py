"""What it costs to be read before every question."""

from collections.abc import Iterator

from engine.authoring.lint.finding import Around, Found
from engine.llm.tokens import estimate_tokens
from engine.personas.prompt import sections
from engine.personas.spec import PersonaSpec

_FIELDS = {
    "role": ("system_prompt", "context"),
    "voice": ("voice",),
    "knowledge": ("knowledge", "unknowns"),
    "limits": ("constraints", "when_pushed"),
    "samples": ("sample_interactions",),
}


def over_budget(spec: PersonaSpec, around: Around) -> Iterator[Found]:
    """A long prompt is slow, dear, and half forgotten."""
    parts = sections(spec)
    whole = sum(part.tokens for part in parts)
    if whole > around.budget_tokens:
        longest = max(parts, key=lambda part: part.tokens)
        said = (
            f"{whole:,} tokens are read before every question; {around.budget_tokens:,} are a good budget. "
            f"{longest.title} alone has {longest.tokens:,}."
        )
        yield Found(max(_FIELDS[longest.key], key=lambda name: estimate_tokens(str(getattr(spec, name)))), said)
