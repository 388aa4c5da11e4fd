"""What every persona needs: a name, something to be, samples to learn from; and no part of it forgotten half-way."""

from collections.abc import Iterator

from engine.authoring.lint.finding import Around, Found
from engine.authoring.lint.reading import advice, pattern, texts_of
from engine.personas.spec import PersonaSpec


def no_name(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Nobody can be called without a name."""
    if not spec.name.strip():
        yield Found("name", "They have no name yet, and cannot be published without one.")


def nobody(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """The model has to be told who it is."""
    if not (spec.system_prompt.strip() or spec.context.strip() or spec.role.strip()):
        yield Found("system_prompt", "Nothing tells the model who this is: no role, no system prompt, no setting.")


def no_samples(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """A shown answer teaches more than a described one."""
    if not any(pair.user.strip() and pair.persona.strip() for pair in spec.sample_interactions):
        yield Found("sample_interactions", "No exchange shows how they answer. Two or three make the voice steadier.")


def half_sample(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """The model reads whole exchanges only."""
    whole = [
        pair.model_dump() for pair in spec.sample_interactions if bool(pair.user.strip()) == bool(pair.persona.strip())
    ]
    for at, pair in enumerate(spec.sample_interactions):
        if bool(pair.user.strip()) != bool(pair.persona.strip()):
            lacks = "an answer" if pair.user.strip() else "a question"
            said = f"Sample {at + 1} has no {lacks.partition(' ')[2]}, so the model does not read it."
            yield Found("sample_interactions", said, {"sample_interactions": whole}, "Remove it", at)
            return


def said_twice(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """What stands there twice costs twice."""
    for field in ("constraints", "knowledge", "unknowns", "sample_queries", "tags"):
        lines: tuple[str, ...] = getattr(spec, field)
        first = {" ".join(line.casefold().split()): line for line in reversed(lines)}
        if len(first) < len(lines):
            again = next(line for line in lines if sum(_same(line, other) for other in lines) > 1)
            kept = [line for at, line in enumerate(lines) if not any(_same(line, other) for other in lines[:at])]
            yield Found(field, f"“{again}” stands there twice.", {field: kept}, "Keep one")


def unfilled(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """A gap in a template is read aloud as it stands."""
    gaps = pattern(advice()["gaps"], whole_words=False)
    for field, at, text in texts_of(spec):
        if gap := gaps.search(text):
            yield Found(field, f"“{gap[0]}” is still to be filled in; the model would read it as it stands.", at=at)
            return


def _same(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()
