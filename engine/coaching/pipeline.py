"""The coaching pipeline: one call makes a typed entity, the next one writes from it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from pydantic import ValidationError

from engine.accounts.actor import Actor
from engine.coaching.entities import Entity, as_markdown
from engine.coaching.specialisation import Specialisation
from engine.errors import PriceUnknown, ProviderError, Stopped, StoppedByAdmin, TierTooLow
from engine.generation import Answer, CallContext, Generation, Listener
from engine.llm import CallControl, LLMRequest

ENTITY_TOKENS = 1200
_FROM_PLAN = (
    "You have prepared this for the person:\n\n{plan}\n\nWrite your answer to them from it: what it comes to and what "
    "they should do first. Do not repeat it line by line; they see it beside your answer."
)


@dataclass(frozen=True, slots=True)
class Coached:
    """What came of a pipeline. `entity` is None when no model would give the form; then the text stands alone.

    `missed` is why nobody could be asked for it, empty when the model's answer was not of the form.
    """

    text: str
    entity: Entity | None
    answers: tuple[Answer, ...]
    missed: str = ""

    @property
    def whole(self) -> Answer:
        """All steps as one answer: the text and the route of the last, the usage and the cost of all."""
        *earlier, last = self.answers
        costs = [answer.cost_usd for answer in self.answers]
        waited = sum(answer.latency_ms for answer in earlier)
        usage = sum((answer.usage for answer in earlier), last.usage)
        return replace(
            last,
            response=replace(last.response, usage=usage),
            cost_usd=None if None in costs else sum((cost for cost in costs if cost is not None), Decimal()),
            latency_ms=waited + last.latency_ms,
            first_token_ms=waited + (last.first_token_ms or last.latency_ms),
        )


class IdeaService:
    """Makes the entity of any specialisation: the first step of every pipeline."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    def make(
        self,
        actor: Actor,
        request: LLMRequest,
        context: CallContext,
        specialisation: Specialisation,
        *,
        control: CallControl | None = None,
    ) -> tuple[Entity | None, Answer]:
        """The entity, or None when the answer is not one; never a half-filled object."""
        wanted = replace(
            request, schema=specialisation.entity.model_json_schema(), max_output_tokens=ENTITY_TOKENS, temperature=None
        )
        step = _step(context, specialisation.pipeline[0])
        answer = self._generation.generate(actor, wanted, step, control=control)
        try:
            return specialisation.entity.model_validate_json(answer.text), answer
        except ValidationError:
            return None, answer


class Coach:
    """Runs the pipeline of a specialisation."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._ideas = IdeaService(generation)

    def answer(
        self,
        actor: Actor,
        request: LLMRequest,
        context: CallContext,
        specialisation: Specialisation,
        *,
        listener: Listener | None = None,
        control: CallControl | None = None,
        made: Callable[[Entity], None] = lambda _: None,
    ) -> Coached:
        """Make the entity, tell `made` of it, then stream the text to the listener.

        When the first step does not come to an entity, the text is written without one: its own step may be answered
        elsewhere. Raises what `Generation.generate` raises.
        """
        entity, answers, missed = self._entity(actor, request, context, specialisation, control)
        if entity is not None:
            made(entity)
            plan = _FROM_PLAN.format(plan=as_markdown(entity))
            request = replace(request, system=f"{request.system}\n\n{plan}")
        step = _step(context, specialisation.pipeline[-1])
        written = self._generation.generate(actor, request, step, listener=listener, control=control)
        return Coached(written.text, entity, (*answers, written), missed)

    def _entity(
        self,
        actor: Actor,
        request: LLMRequest,
        context: CallContext,
        specialisation: Specialisation,
        control: CallControl | None,
    ) -> tuple[Entity | None, tuple[Answer, ...], str]:
        try:
            entity, answer = self._ideas.make(actor, request, context, specialisation, control=control)
        except Stopped:
            raise
        except (ProviderError, StoppedByAdmin, PriceUnknown, TierTooLow) as problem:
            return None, (), problem.message
        return entity, (answer,), ""


def _step(context: CallContext, step: str) -> CallContext:
    """The context of one step: each is a call of its own."""
    key = context.idempotency_key
    return replace(context, step=step, idempotency_key=f"{key}:{step}" if key else None)


def entity_as_json(entity: Entity) -> str:
    """An entity as a file."""
    return json.dumps(entity.model_dump(mode="json"), ensure_ascii=False, indent=2)
