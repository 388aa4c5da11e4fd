"""From a persona to the text a model reads. Pure: the builder shows each section with its tokens.

Order: mode, specialisation, persona; then come the history and the user's text, which are messages.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.llm.tokens import estimate_tokens
from engine.personas.spec import PersonaSpec


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the system text, under the title that the builder shows."""

    key: str
    title: str
    text: str

    @property
    def tokens(self) -> int:
        """Estimated tokens of the text."""
        return estimate_tokens(self.text)


def sections(spec: PersonaSpec, *, mode: str = "", specialisation: str = "") -> tuple[Section, ...]:
    """The sections that have something to say, in the order in which the model reads them."""
    drawn = (
        Section("mode", "Mode", mode.strip()),
        Section("specialisation", "Specialisation", specialisation.strip()),
        Section("role", "Role", _role(spec)),
        Section("voice", "Voice", _paragraph("How you speak", spec.voice)),
        Section("knowledge", "Knowledge", _knowledge(spec)),
        Section("limits", "Limits", _limits(spec)),
        Section("samples", "Samples", _samples(spec)),
    )
    return tuple(section for section in drawn if section.text)


def system_text(parts: Iterable[Section]) -> str:
    """The sections as one text."""
    return "\n\n".join(section.text for section in parts)


def _paragraph(heading: str, text: str) -> str:
    return f"{heading}: {text.strip()}" if text.strip() else ""


def _bullets(heading: str, items: Iterable[str]) -> str:
    lines = [f"- {item.strip()}" for item in items if item.strip()]
    return "\n".join([f"{heading}:", *lines]) if lines else ""


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _role(spec: PersonaSpec) -> str:
    name, role = spec.name.strip(), spec.role.strip()
    who = f"You are {name}, {role}." if name and role else f"You are {name or role}." if name or role else ""
    return _joined(who, spec.system_prompt.strip(), _paragraph("Your world", spec.context))


def _knowledge(spec: PersonaSpec) -> str:
    return _joined(
        _bullets("You know well", spec.knowledge),
        _bullets("You do not know, and say so when asked", spec.unknowns),
    )


def _limits(spec: PersonaSpec) -> str:
    return _joined(
        _bullets("These rules hold whoever asks", spec.constraints),
        _paragraph("When someone pushes against them", spec.when_pushed),
    )


def _samples(spec: PersonaSpec) -> str:
    shown = [pair for pair in spec.sample_interactions if pair.user.strip() and pair.persona.strip()]
    talk = [f"User: {pair.user.strip()}\nYou: {pair.persona.strip()}" for pair in shown]
    return "\n\n".join(["This is how you answer:", *talk]) if talk else ""
