"""The preview beside the builder: what the model would read, who would answer, and the answer as it comes."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.conversations.ask import clean_question
from engine.conversations.saved_runs import SavedRuns
from engine.generation import Answer, CallContext, Generation
from engine.llm import LLMRequest, Message, ModelRef, StreamEvent, Usage
from engine.personas.drafts import Drafts
from engine.personas.prompt import Section, sections, system_text
from engine.personas.spec import PersonaSpec
from engine.routing.route import Route
from engine.routing.router import Router
from engine.routing.tables import TableSource
from engine.runs import Run, RunWriter
from engine.usage.prices import PriceBook

SURFACE = "persona-preview"
ANSWER_TOKENS = 160
TURN_TOKENS = 60
"""How long an answer is taken to be when a turn is priced."""
FIRST_QUESTION = "Who are you, and how can you help me?"


@dataclass(frozen=True, slots=True)
class TurnCost:
    """What a turn costs at a profile, in USD at today's list prices; None when the price is unknown.

    `ref` is the model that the profile comes to; `served` is False when nobody serves it for want of a key.
    """

    profile: str
    ref: ModelRef
    served: bool
    usd: Decimal | None


class Preview:
    """One run per draft: a new question stops the one before."""

    def __init__(
        self,
        generation: Generation,
        drafts: Drafts,
        router: Router,
        prices: PriceBook,
        tables: TableSource,
        runs: SavedRuns,
    ) -> None:
        self._generation = generation
        self._drafts = drafts
        self._router = router
        self._prices = prices
        self._tables = tables
        self._runs = runs

    @needs(Right.WRITE_PERSONAS)
    def sections(self, actor: Actor, spec: PersonaSpec) -> tuple[Section, ...]:
        """The compiled prompt by section."""
        return sections(spec, mode=self._tables.now().mode("general").description)

    @needs(Right.WRITE_PERSONAS)
    def route(self, actor: Actor, spec: PersonaSpec, *, model: str = "") -> Route:
        """Who would answer. Raises what `Router.resolve` raises."""
        preferred = spec.preferred_profile
        return self._router.resolve(actor, surface=SURFACE, model=model, preferred_profile=preferred).route

    @needs(Right.WRITE_PERSONAS)
    def cost_estimate(self, actor: Actor, spec: PersonaSpec, question: str, *, model: str = "") -> Decimal | None:
        """What one answer costs at the most, in USD; None when the price is unknown."""
        route = self.route(actor, spec, model=model)
        request = self._request(spec, question)
        nano = self._prices.estimate(route.provider, route.model, request.estimated_input_tokens, ANSWER_TOKENS)
        return None if nano is None else Decimal(nano) / 10**9

    @needs(Right.WRITE_PERSONAS)
    def turn_tokens(self, actor: Actor, spec: PersonaSpec, question: str) -> tuple[int, int]:
        """How many tokens a turn is taken to read and to write."""
        return self._request(spec, question).estimated_input_tokens, TURN_TOKENS

    @needs(Right.WRITE_PERSONAS)
    def turn_costs(self, actor: Actor, spec: PersonaSpec, question: str) -> list[TurnCost]:
        """What a turn of this persona costs at each profile, whether or not there is a key for it."""
        tables, serving = self._tables.now(), self._router.serving(actor)
        tokens_in, tokens_out = self.turn_tokens(actor, spec, question)
        found = []
        for profile, cells in tables.profiles.items():
            first = next((ModelRef(name, cells[name][0]) for name in tables.providers if cells.get(name)), None)
            if ref := serving.get(profile) or first:
                read = self._prices.tokens(ref.provider, ref.model, tokens_in)
                cost = self._prices.cost(ref.provider, ref.model, Usage(input=read, output=tokens_out))
                found.append(TurnCost(profile, ref, serving.get(profile) is not None, cost.usd if cost else None))
        return found

    @needs(Right.WRITE_PERSONAS)
    def speak(
        self, actor: Actor, draft_id: UUID, question: str, *, model: str = "", unasked: bool = False
    ) -> Run[Answer]:
        """Begin an answer of the draft as it stands now; follow or poll the run that is returned."""
        draft = self._drafts.get(actor, draft_id)
        question = clean_question(question)
        request = self._request(draft.spec, question)
        context = CallContext(
            SURFACE,
            model=model,
            persona_key=draft.persona_key or f"user:{draft.key}",
            persona_version=draft.base_version or None,
            unasked=unasked,
            preferred_profile=draft.spec.preferred_profile,
        )

        def answer(writer: RunWriter) -> Answer:
            def hear(event: StreamEvent) -> None:
                if event.kind == "text":
                    writer.add(event.text)

            return self._generation.generate(actor, request, context, listener=hear, control=writer.control)

        return self._runs.start(_subject(actor, draft_id), answer, person_id=actor.person_id, question=question)

    @needs(Right.WRITE_PERSONAS)
    def run(self, actor: Actor, draft_id: UUID) -> Run[Answer] | None:
        """The draft's newest run, finished or not; one that lost its process to a crash is "cut"."""
        return self._runs.get(_subject(actor, draft_id))

    def _request(self, spec: PersonaSpec, question: str) -> LLMRequest:
        text = system_text(sections(spec, mode=self._tables.now().mode("general").description))
        return LLMRequest((Message("user", question),), text, max_output_tokens=ANSWER_TOKENS)


def _subject(actor: Actor, draft_id: UUID) -> str:
    return f"preview:{actor.person_id}:{draft_id}"
