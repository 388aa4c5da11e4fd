"""The work of an answer, from the prompt to the receipt.

It is written by a run of its own and saved every second, so that a click, a closed tab or a killed process loses no
word; readers find it by its message.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from db.session import Database
from engine.accounts.actor import Actor
from engine.coaching.entities import Entity
from engine.coaching.pipeline import Coach
from engine.coaching.specialisation import Specialisation
from engine.conversations.picks import PickResolver, Picks
from engine.conversations.prompting import Place
from engine.errors import StudioError
from engine.generation import Answer, CallContext, Generation, Listener
from engine.llm import CallControl, LLMRequest, StreamEvent
from engine.personas.catalogue import Persona
from engine.runs import Keep, Run, Runs, RunWriter, State
from engine.usage.prices import NANO


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in its place: who asks it, who answers it and how, and the message that takes the answer."""

    actor: Actor
    question: str
    persona: Persona
    picks: Picks
    place: Place
    answer_id: UUID


class Answering:
    """Writes answers into their messages. Whose a message is has been asked before."""

    def __init__(
        self,
        database: Database,
        generation: Generation,
        resolver: PickResolver,
        runs: Runs,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._generation = generation
        self._coach = Coach(generation)
        self._resolver = resolver
        self._runs = runs
        self._clock = clock

    def begin(self, asked: Asked, *, instead_of: UUID | None = None) -> None:
        """Begin an answer; the one in whose place it comes is stopped."""
        if instead_of is not None:
            self._runs.stop(_subject(instead_of))
        work, keep = partial(self._work, asked), self._keep(asked.answer_id)
        self._runs.start(_subject(asked.answer_id), work, question=asked.question, keep=keep)

    def run(self, answer_id: UUID) -> Run[Any] | None:
        """The run that writes an answer in this process; None when it is over or elsewhere."""
        return self._runs.get(_subject(answer_id))

    def stop(self, answer_id: UUID) -> None:
        """End an answer, whichever process writes it; what came is kept."""
        run = self.run(answer_id)
        if run is not None:
            run.stop()
        came = {"text": run.text} if run is not None else {}
        with self._database.write() as unit:
            unit.conversations.keep(answer_id, only=("writing",), state="stopped", saved_at=self._clock(), **came)

    def _keep(self, answer_id: UUID) -> Keep:
        def keep(text: str, state: State) -> bool:
            now = self._clock()
            with self._database.write() as unit:
                kept = unit.conversations.keep(answer_id, only=("writing",), text=text, state=state, saved_at=now)
                if not kept:  # stopped from another process, which has not read what came since the last save
                    unit.conversations.keep(answer_id, only=("stopped",), text=text, saved_at=now)
                return kept

        return keep

    def _work(self, asked: Asked, writer: RunWriter) -> None:
        """Write the answer and its receipt. What it raises is kept with the message."""
        try:
            answer = self._write(asked, writer)
            self._describe(asked, **_receipt(answer))
        except StudioError as problem:
            self._describe(asked, error={"code": problem.code, "message": problem.message, "hint": problem.hint})
            raise

    def _write(self, asked: Asked, writer: RunWriter) -> Answer:
        actor, persona, picks = asked.actor, asked.persona, asked.picks
        mode, specialisation = self._resolver.mode(picks), self._resolver.specialisation(picks)
        request = self._resolver.request(actor, persona, picks, asked.question, asked.place)
        context = CallContext(
            picks.surface,
            mode,
            picks.model,
            persona_key=persona.key,
            persona_version=persona.version,
            idempotency_key=str(asked.answer_id),
            preferred_profile=persona.spec.preferred_profile,
        )

        def hear(event: StreamEvent) -> None:
            if event.kind == "text":
                writer.add(event.text)

        if specialisation is None:
            return self._generation.generate(actor, request, context, listener=hear, control=writer.control)
        return self._coached(asked, request, context, specialisation, hear, writer.control)

    def _coached(
        self,
        asked: Asked,
        request: LLMRequest,
        context: CallContext,
        specialisation: Specialisation,
        hear: Listener,
        control: CallControl,
    ) -> Answer:
        def made(entity: Entity) -> None:
            fields = entity.model_dump(mode="json")
            self._describe(asked, entity={"kind": specialisation.kind, "fields": fields})

        coached = self._coach.answer(
            asked.actor, request, context, specialisation, listener=hear, control=control, made=made
        )
        if coached.entity is None:
            missed = {"kind": specialisation.kind, "fields": None, "why": coached.missed}
            self._describe(asked, entity=missed)
        return coached.whole

    def _describe(self, asked: Asked, **values: Any) -> None:
        with self._database.write() as unit:
            unit.conversations.describe(asked.answer_id, **values)


def _receipt(answer: Answer) -> dict[str, Any]:
    """Who answered and what it cost."""
    return {
        "route": asdict(answer.route),
        "usage": answer.usage.as_dict(),
        "cost_nano": None if answer.cost_usd is None else int(answer.cost_usd * NANO),
        "latency_ms": answer.latency_ms,
        "first_token_ms": answer.first_token_ms,
    }


def _subject(answer_id: UUID) -> str:
    return f"answer:{answer_id}"
