"""One column of a comparison: asked by a run of its own, saved every second, described with its receipt at the end."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from db.session import Database
from engine.accounts.actor import Actor
from engine.authoring.asking import ask
from engine.authoring.rehearsal.checks import checks_of
from engine.authoring.rehearsal.judging import occurs
from engine.errors import StudioError
from engine.generation import Answer, CallContext, Generation
from engine.llm import LLMRequest, StreamEvent
from engine.personas.spec import PersonaSpec
from engine.runs import Keep, RunWriter, State
from engine.usage.prices import NANO


class ColumnWork:
    """Writes one column. What it is refused or fails with is kept in it, so that the others go on."""

    def __init__(
        self,
        database: Database,
        generation: Generation,
        actor: Actor,
        answer_id: UUID,
        spec: PersonaSpec,
        request: LLMRequest,
        context: CallContext,
        *,
        clock: Callable[[], datetime],
        deadline_s: float,
    ) -> None:
        self._database = database
        self._generation = generation
        self._actor = actor
        self._answer_id = answer_id
        self._spec = spec
        self._request = request
        self._context = context
        self._clock = clock
        self._deadline_s = deadline_s

    def __call__(self, writer: RunWriter) -> None:
        """Ask, and describe what came."""

        def hear(event: StreamEvent) -> None:
            if event.kind == "text":
                writer.add(event.text)

        try:
            answer = ask(
                self._generation,
                self._actor,
                self._request,
                self._context,
                writer.control,
                deadline_s=self._deadline_s,
                listener=hear,
            )
        except StudioError as problem:
            if not writer.control.stopped:
                said = {"code": problem.code, "message": problem.message, "hint": problem.hint}
                self._describe(error=said)
            raise
        self._describe(**_receipt(answer), held=limits_held(self._spec, answer.text))

    def keep(self) -> Keep:
        """Saves the column as far as it is."""

        def keep(text: str, state: State) -> bool:
            with self._database.write() as unit:
                return unit.comparisons.keep(self._answer_id, text=text, state=state, saved_at=self._clock())

        return keep

    def _describe(self, **values: Any) -> None:
        with self._database.write() as unit:
            unit.comparisons.describe(self._answer_id, **values)


def limits_held(spec: PersonaSpec, answer: str) -> bool | None:
    """Whether an answer keeps the limits that name their words; None when there are none such."""
    phrases = {phrase for check in checks_of(spec) if check.kind == "limit" for phrase in check.must_not}
    return not any(occurs(phrase, answer) for phrase in phrases) if phrases and answer.strip() else None


def _receipt(answer: Answer) -> dict[str, Any]:
    route = answer.route
    return {
        "provider": route.provider,
        "model": route.model,
        "profile": route.profile,
        "usage": answer.usage.as_dict(),
        "cost_nano": None if answer.cost_usd is None else int(answer.cost_usd * NANO),
        "latency_ms": answer.latency_ms,
        "first_token_ms": answer.first_token_ms,
    }
