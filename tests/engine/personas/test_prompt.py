"""What the model reads."""

import pytest

from engine.personas.prompt import sections, system_text
from engine.personas.seed import shipped
from engine.personas.spec import PersonaSpec, SampleInteraction

ADA = PersonaSpec(
    name="Ada",
    role="sceptical engineer",
    system_prompt="You test claims.",
    context="A small team.",
    voice="Dry.",
    knowledge=("Latency",),
    unknowns=("Payroll",),
    constraints=("Never give a date",),
    when_pushed="Says no kindly.",
    sample_interactions=(SampleInteraction(user="Faster?", persona="Than what?"), SampleInteraction(user="Half")),
)


def test_the_whole_persona_is_compiled_in_order() -> None:
    assert system_text(sections(ADA, mode="Answer directly.", specialisation="Plan trips.")) == (
        "Answer directly.\n\n"
        "Plan trips.\n\n"
        "You are Ada, sceptical engineer.\nYou test claims.\nYour world: A small team.\n\n"
        "How you speak: Dry.\n\n"
        "You know well:\n- Latency\nYou do not know, and say so when asked:\n- Payroll\n\n"
        "These rules hold whoever asks:\n- Never give a date\n"
        "When someone pushes against them: Says no kindly.\n\n"
        "This is how you answer:\n\nUser: Faster?\nYou: Than what?"
    )


def test_an_empty_persona_says_nothing() -> None:
    assert sections(PersonaSpec()) == ()


@pytest.mark.parametrize(("key", "spec"), list(shipped()), ids=lambda value: value if isinstance(value, str) else "")
def test_each_built_in_is_complete_and_short_enough_for_the_local_model(key: str, spec: PersonaSpec) -> None:
    parts = sections(spec)
    assert [part.key for part in parts] == ["role", "voice", "knowledge", "limits", "samples"]
    assert sum(part.tokens for part in parts) < 400
    assert len(spec.sample_queries) >= 3
