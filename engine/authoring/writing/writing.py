"""A model helping the writer: a draft from one sentence, a better field, a review.

It only proposes. What it says is kept beside the draft until the writer takes it or sends it away.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID
from weakref import WeakSet

from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.authoring.writing.tasks import DRAFT, IMPROVE, REVIEW, Proposal, task_of
from engine.generation import Answer, CallContext, Generation
from engine.llm import StreamEvent
from engine.personas.drafts import Drafts
from engine.personas.spec import PersonaSpec
from engine.routing.route import Route
from engine.routing.router import Router
from engine.runs import Run, Runs, RunWriter
from engine.usage.prices import NANO, PriceBook

SURFACE = "draft"


@dataclass(frozen=True, slots=True)
class Written:
    """A proposal, the persona that it was made for, and the answer that it was read from."""

    proposal: Proposal
    of: PersonaSpec
    answer: Answer


@dataclass(frozen=True, slots=True)
class Quote:
    """Who would do a task, and what it costs at the most, in USD; None when the price is unknown."""

    route: Route
    cost_usd: Decimal | None


class Writing:
    """One run per draft and task: `draft`, `review`, and `improve/<field>`. A new one stops the one before."""

    def __init__(self, generation: Generation, drafts: Drafts, router: Router, prices: PriceBook, runs: Runs) -> None:
        self._generation = generation
        self._drafts = drafts
        self._router = router
        self._prices = prices
        self._runs = runs
        self._dismissed: WeakSet[Run[Written]] = WeakSet()

    @needs(Right.WRITE_PERSONAS)
    def draft_from_sentence(self, actor: Actor, draft_id: UUID, sentence: str, *, model: str = "") -> Run[Written]:
        """Begin to fill in a persona from one sentence. Raises NotFound, or BadInput without a sentence."""
        return self._begin(actor, draft_id, DRAFT, sentence, model)

    @needs(Right.WRITE_PERSONAS)
    def improve(self, actor: Actor, draft_id: UUID, field: str, *, wish: str = "", model: str = "") -> Run[Written]:
        """Begin to improve a field. Raises NotFound, or BadInput for a field that is not to be improved."""
        return self._begin(actor, draft_id, f"{IMPROVE}{field}", wish, model)

    @needs(Right.WRITE_PERSONAS)
    def review(self, actor: Actor, draft_id: UUID, *, model: str = "") -> Run[Written]:
        """Begin to review the draft as it stands now. Raises NotFound."""
        return self._begin(actor, draft_id, REVIEW, "", model)

    @needs(Right.WRITE_PERSONAS)
    def quote(self, actor: Actor, draft_id: UUID, task: str, *, said: str = "", model: str = "") -> Quote:
        """Who would do a task on this draft and at what cost. Raises NotFound, and what `Router.resolve` raises."""
        request = task_of(
            task, self._drafts.get(actor, draft_id).spec, said or ("A sentence." if task == DRAFT else "")
        ).request
        structured = request.schema is not None
        route = self._router.resolve(actor, surface=SURFACE, model=model, structured=structured).route
        read, most_out = request.estimated_input_tokens, request.max_output_tokens
        nano = self._prices.estimate(route.provider, route.model, read, most_out)
        return Quote(route, None if nano is None else Decimal(nano) / NANO)

    @needs(Right.WRITE_PERSONAS)
    def run(self, actor: Actor, draft_id: UUID, task: str) -> Run[Written] | None:
        """The newest run of a task, until it is dismissed."""
        run = self._runs.get(_subject(actor, draft_id, task))
        return None if run is None or run in self._dismissed else run

    @needs(Right.WRITE_PERSONAS)
    def dismiss(self, actor: Actor, draft_id: UUID, task: str) -> None:
        """Stop a run, and send away what came of it."""
        if (run := self.run(actor, draft_id, task)) is not None:
            run.stop()
            self._dismissed.add(run)

    def _begin(self, actor: Actor, draft_id: UUID, name: str, said: str, model: str) -> Run[Written]:
        draft = self._drafts.get(actor, draft_id)
        task = task_of(name, draft.spec, said)
        key, version = draft.persona_key or f"user:{draft.key}", draft.base_version or None
        context = CallContext(SURFACE, model=model, persona_key=key, persona_version=version)

        def write(writer: RunWriter) -> Written:
            def hear(event: StreamEvent) -> None:
                if event.kind == "text":
                    writer.add(event.text)

            answer = self._generation.generate(actor, task.request, context, listener=hear, control=writer.control)
            return Written(task.read(answer.text), draft.spec, answer)

        return self._runs.start(_subject(actor, draft_id, name), write, question=said.strip())


def _subject(actor: Actor, draft_id: UUID, task: str) -> str:
    return f"writing:{actor.person_id}:{draft_id}:{task}"
