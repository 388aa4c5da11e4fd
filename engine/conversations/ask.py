"""One question to one persona, without a thread: the command line, and whatever asks once."""

from collections.abc import Callable

from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.coaching.entities import Entity
from engine.coaching.pipeline import Coach
from engine.coaching.specialisation import resolve_coaching_specialization
from engine.errors import BadInput
from engine.generation import Answer, CallContext, Generation, Listener
from engine.llm import LLMRequest, Message
from engine.personas.catalogue import Personas
from engine.personas.prompt import sections, system_text
from engine.personas.seed import DEFAULT_PERSONA
from engine.routing.tables import TableSource

LONGEST_QUESTION = 200_000
ANSWER_TOKENS = 512


class Ask:
    """Compiles the persona's prompt and takes the line."""

    def __init__(self, generation: Generation, personas: Personas, tables: TableSource) -> None:
        self._generation = generation
        self._coach = Coach(generation)
        self._personas = personas
        self._tables = tables

    @needs(Right.USE)
    def ask(
        self,
        actor: Actor,
        text: str,
        *,
        persona: str = "",
        mode: str = "",
        surface: str = "cli",
        model: str = "",
        listener: Listener | None = None,
        made: Callable[[Entity | None], None] = lambda _: None,
    ) -> Answer:
        """Answer `text` as `persona` (the general assistant, when none is named); `made` hears what coaching
        made, or None when that came to nothing and the text stands alone.

        Raises BadInput, NotFound, or what `Generation.generate` raises.
        """
        question = clean_question(text)
        chosen = self._personas.get(actor, persona or DEFAULT_PERSONA)
        mode = mode or self._tables.now().surface(surface).mode
        answering = self._tables.now().mode(mode)
        about = resolve_coaching_specialization(surface) if answering.steps else None
        parts = sections(chosen.spec, mode=answering.description, specialisation=about.instructions if about else "")
        request = LLMRequest((Message("user", question),), system_text(parts), max_output_tokens=ANSWER_TOKENS)
        context = CallContext(
            surface,
            mode,
            model,
            persona_key=chosen.key,
            persona_version=chosen.version,
            preferred_profile=chosen.spec.preferred_profile,
        )
        if about is None:
            return self._generation.generate(actor, request, context, listener=listener)
        coached = self._coach.answer(actor, request, context, about, listener=listener, made=made)
        if coached.entity is None:
            made(None)
        return coached.whole


def clean_question(text: str) -> str:
    """The question as it may be sent. Raises BadInput when it is empty, too long or cannot be stored."""
    question = text.strip()
    if not question:
        raise BadInput("There is no question.", field="Question", hint="Write something to ask.")
    if "\x00" in question:
        raise BadInput(
            "The question has an invisible NUL character.", field="Question", hint="Remove it and ask again."
        )
    if len(question) > LONGEST_QUESTION:
        raise BadInput(
            f"The question is longer than {LONGEST_QUESTION:,} characters.", field="Question", hint="Shorten it."
        )
    try:
        question.encode()
    except UnicodeEncodeError:
        raise BadInput("The question has a broken character.", field="Question", hint="Type it again.") from None
    return question
