"""One question to one persona, without a thread: the command line, and whatever asks once."""

from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput
from engine.generation import Answer, CallContext, Generation, Listener
from engine.llm import LLMRequest, Message
from engine.personas.catalogue import Personas
from engine.personas.prompt import sections, system_text
from engine.personas.seed import DEFAULT_PERSONA
from engine.routing.tables import Tables

LONGEST_QUESTION = 200_000
ANSWER_TOKENS = 512


class Ask:
    """Compiles the persona's prompt and takes the line."""

    def __init__(self, generation: Generation, personas: Personas, tables: Tables) -> None:
        self._generation = generation
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
    ) -> Answer:
        """Answer `text` as `persona` (the general assistant, when none is named).

        Raises BadInput, NotFound, or what `Generation.generate` raises.
        """
        question = clean_question(text)
        chosen = self._personas.get(actor, persona or DEFAULT_PERSONA)
        mode = mode or self._tables.surface(surface).mode
        parts = sections(chosen.spec, mode=self._tables.mode(mode).description)
        request = LLMRequest((Message("user", question),), system_text(parts), max_output_tokens=ANSWER_TOKENS)
        context = CallContext(surface, mode, model, persona_key=chosen.key, persona_version=chosen.version)
        return self._generation.generate(actor, request, context, listener=listener)


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
