"""The assistant: a question in a thread, answered by any persona in any mode on any model, message by message.

An answer is written by a run of its own and saved every second, so that a click, a closed tab or a killed process
loses no word; readers find it by its message.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.conversations import Thread, ThreadMessage
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.guards import default_of
from engine.accounts.rights import Right, needs
from engine.coaching.entities import Entity
from engine.coaching.pipeline import Coach
from engine.coaching.specialisation import Specialisation, resolve_coaching_specialization
from engine.conversations.ask import clean_question
from engine.conversations.prompting import ANSWER_TOKENS, Place, Prompts, one_line
from engine.conversations.threads import message_row, speaker_of, thread_row
from engine.errors import BadInput, NotFound, StudioError
from engine.generation import Answer, CallContext, Generation
from engine.llm import CallControl, LLMRequest, StreamEvent
from engine.personas.catalogue import Persona, Personas
from engine.personas.seed import DEFAULT_PERSONA
from engine.routing.route import Route
from engine.routing.router import Router
from engine.routing.tables import TableSource
from engine.runs import Keep, Run, Runs, RunWriter, State
from engine.usage.prices import NANO, PriceBook

TITLE_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Picks:
    """How a message shall be answered; empty fields are chosen by the house. `surface` is where it was asked.

    `about` is what the page was about that it was asked from, in the words that its asker saw.
    """

    persona: str = ""
    mode: str = ""
    surface: str = "assistant"
    model: str = ""
    specialisation: str = ""
    about: str = ""


NO_PICKS = Picks()


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a question went: its thread, itself, and the answer that is being written."""

    thread_id: UUID
    question_id: UUID
    answer_id: UUID


class Assistant:
    """Asks and answers."""

    def __init__(
        self,
        database: Database,
        generation: Generation,
        router: Router,
        personas: Personas,
        tables: TableSource,
        runs: Runs,
        *,
        prices: PriceBook,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._generation = generation
        self._coach = Coach(generation)
        self._router = router
        self._personas = personas
        self._tables = tables
        self._runs = runs
        self._clock = clock
        self._prices = prices
        self._prompts = Prompts(database, prices.tokens)

    @needs(Right.USE)
    def send(
        self,
        actor: Actor,
        text: str,
        picks: Picks = NO_PICKS,
        *,
        thread_id: UUID | None = None,
        request_id: UUID | None = None,
    ) -> Sent:
        """Put a question into a thread (a new one without `thread_id`) and begin its answer.

        The same `request_id` twice is one question. Raises BadInput or NotFound, and then nothing was sent; what
        the call itself refuses is kept with the answer.
        """
        question = clean_question(text)
        picks = replace(picks, about=one_line(picks.about))
        persona = self._persona(actor, picks.persona)
        now, question_id = self._clock(), request_id or uuid7()
        with self._database.write() as unit:
            known = unit.conversations.message(speaker_of(actor), question_id)
            if known is not None:
                return Sent(known.thread_id, known.id, unit.conversations.answer_to(known.id))
            thread = self._thread(unit, actor, thread_id, question, now)
            asked = _row(question_id, thread.id, "user", question, picks, now)
            answer = self._answer_row(thread.id, question_id, persona, picks, now)
            unit.conversations.say(asked, answer)
            unit.conversations.change(speaker_of(actor), thread.id, updated_at=now)
        sent = Sent(thread.id, question_id, answer.id)
        self._begin(actor, sent, question, persona, picks)
        return sent

    @needs(Right.USE)
    def again(self, actor: Actor, answer_id: UUID, picks: Picks | None = None) -> Sent:
        """Answer the same question once more, in the place of the earlier answer. Raises NotFound."""
        with self._database.write() as unit:
            old = message_row(unit, actor, answer_id)
            if old.role != "assistant" or old.reply_to is None:
                raise BadInput("Only an answer can be given again.", field="Message")
            question = message_row(unit, actor, old.reply_to)
            wanted = replace(picks or Picks(old.persona_key, old.mode, old.surface, old.model), about=question.about)
            persona = self._persona(actor, wanted.persona)
            now = self._clock()
            answer = self._answer_row(old.thread_id, question.id, persona, wanted, now)
            unit.conversations.replace(old.id, answer)
            unit.conversations.change(speaker_of(actor), old.thread_id, updated_at=now)
        self._runs.stop(_subject(answer_id))
        sent = Sent(old.thread_id, question.id, answer.id)
        self._begin(actor, sent, question.text, persona, wanted)
        return sent

    @needs(Right.USE)
    def run(self, actor: Actor, answer_id: UUID) -> Run[Any] | None:
        """The run that writes an answer in this process; None when it is over or elsewhere: the message tells."""
        with self._database.read() as unit:
            message_row(unit, actor, answer_id)
        return self._runs.get(_subject(answer_id))

    @needs(Right.USE)
    def stop(self, actor: Actor, answer_id: UUID) -> None:
        """End an answer, whichever process writes it; what came is kept. Raises NotFound."""
        run = self.run(actor, answer_id)
        if run is not None:
            run.stop()
        came = {"text": run.text} if run is not None else {}
        with self._database.write() as unit:
            unit.conversations.keep(answer_id, only=("writing",), state="stopped", saved_at=self._clock(), **came)

    @needs(Right.USE)
    def route(self, actor: Actor, picks: Picks = NO_PICKS) -> Route:
        """Who would answer. Raises NotFound, and what `Router.resolve` raises."""
        return self._route(actor, self._persona(actor, picks.persona), picks)

    @needs(Right.USE)
    def estimate(self, actor: Actor, picks: Picks = NO_PICKS, *, thread_id: UUID | None = None) -> Decimal | None:
        """About the most that the next short question costs, in USD; None when nobody knows the price.

        Raises NotFound, and what `Router.resolve` raises.
        """
        if thread_id is not None:
            with self._database.read() as unit:
                thread_row(unit, actor, thread_id)
        persona = self._persona(actor, picks.persona)
        route = self._route(actor, persona, picks)
        read = self._request(actor, persona, picks, "", Place(thread_id)).estimated_input_tokens
        nano = self._prices.estimate(route.provider, route.model, read, ANSWER_TOKENS)
        return None if nano is None else Decimal(nano) / NANO

    @needs(Right.USE)
    def default_persona(self, actor: Actor) -> str:
        """Who answers when nobody is picked: one's own choice, the department's, or the general one."""
        with self._database.read() as unit:
            settings = unit.people.settings(actor.person_id) if actor.person_id else None
            department = unit.departments.by_id(actor.department_id) if actor.department_id else None
            usual = default_of(unit, department)
        own = settings.default_persona if settings else None
        for key in filter(None, (own, usual)):
            with suppress(NotFound):  # deleted since
                return self._personas.get(actor, key).key
        return DEFAULT_PERSONA

    @needs(Right.USE)
    def set_default_persona(self, actor: Actor, key: str) -> None:
        """Have somebody answer when nobody is picked; empty goes back to the house's choice. Raises NotFound."""
        if key:
            self._personas.get(actor, key)
        person_id = speaker_of(actor)
        with self._database.write() as unit:
            unit.people.save_settings(person_id, default_persona=key or None)

    def _persona(self, actor: Actor, key: str) -> Persona:
        return self._personas.get(actor, key or self.default_persona(actor))

    def _route(self, actor: Actor, persona: Persona, picks: Picks) -> Route:
        return self._router.resolve(
            actor,
            surface=picks.surface,
            mode=picks.mode,
            model=picks.model,
            preferred_profile=persona.spec.preferred_profile,
        ).route

    def _thread(self, unit: Unit, actor: Actor, thread_id: UUID | None, question: str, now: datetime) -> Thread:
        if thread_id is not None:
            return thread_row(unit, actor, thread_id)
        title = " ".join(question.split())
        title = title if len(title) <= TITLE_CHARACTERS else title[: TITLE_CHARACTERS - 1].rstrip() + "…"
        thread = Thread(id=uuid7(), person_id=speaker_of(actor), title=title, created_at=now, updated_at=now)
        unit.conversations.add(thread)
        return thread

    def _answer_row(
        self, thread_id: UUID, question_id: UUID, persona: Persona, picks: Picks, now: datetime
    ) -> ThreadMessage:
        row = _row(uuid7(), thread_id, "assistant", "", picks, now)
        row.state, row.reply_to = "writing", question_id
        row.persona_key, row.persona_version = persona.key, persona.version
        row.persona_name = persona.spec.name
        row.mode = self._mode(picks)
        return row

    def _mode(self, picks: Picks) -> str:
        """The mode that was picked, or the one of the place. Raises BadInput when either is not there."""
        tables = self._tables.now()
        place = tables.surface(picks.surface)
        tables.mode(picks.mode or place.mode)
        return picks.mode or place.mode

    def _specialisation(self, picks: Picks) -> Specialisation | None:
        """What coaching is about, where the mode takes several steps."""
        if not self._tables.now().mode(self._mode(picks)).steps:
            return None
        return resolve_coaching_specialization(picks.surface, {"specialisation": picks.specialisation})

    def _request(self, actor: Actor, persona: Persona, picks: Picks, question: str, place: Place) -> LLMRequest:
        mode, specialisation = self._tables.now().mode(self._mode(picks)).description, self._specialisation(picks)
        route = self._route(actor, persona, picks)
        return self._prompts.request(
            persona, route, question, place, mode=mode, specialisation=specialisation, about=picks.about
        )

    def _begin(self, actor: Actor, sent: Sent, question: str, persona: Persona, picks: Picks) -> None:
        work = _Work(self, actor, sent, question, persona, picks)
        self._runs.start(_subject(sent.answer_id), work, question=question, keep=self._keep(sent.answer_id))

    def _keep(self, answer_id: UUID) -> Keep:
        def keep(text: str, state: State) -> bool:
            now = self._clock()
            with self._database.write() as unit:
                kept = unit.conversations.keep(answer_id, only=("writing",), text=text, state=state, saved_at=now)
                if not kept:  # stopped from another process, which has not read what came since the last save
                    unit.conversations.keep(answer_id, only=("stopped",), text=text, saved_at=now)
                return kept

        return keep

    def _describe(self, answer_id: UUID, **values: Any) -> None:
        with self._database.write() as unit:
            unit.conversations.describe(answer_id, **values)


class _Work:
    """One answer, from the prompt to the receipt."""

    def __init__(
        self, assistant: Assistant, actor: Actor, sent: Sent, question: str, persona: Persona, picks: Picks
    ) -> None:
        self._house = assistant
        self._actor = actor
        self._sent = sent
        self._question = question
        self._persona = persona
        self._picks = picks

    def __call__(self, writer: RunWriter) -> None:
        """Write the answer. What it raises is kept with the message."""
        try:
            self._write(writer)
        except StudioError as problem:
            said = {"code": problem.code, "message": problem.message, "hint": problem.hint}
            self._house._describe(self._sent.answer_id, error=said)
            raise

    def _write(self, writer: RunWriter) -> None:
        picks = self._picks
        mode = self._house._mode(picks)
        specialisation = self._house._specialisation(picks)
        place = Place(self._sent.thread_id, self._sent.question_id)
        request = self._house._request(self._actor, self._persona, picks, self._question, place)
        context = CallContext(
            picks.surface,
            mode,
            picks.model,
            persona_key=self._persona.key,
            persona_version=self._persona.version,
            idempotency_key=str(self._sent.answer_id),
            preferred_profile=self._persona.spec.preferred_profile,
        )

        def hear(event: StreamEvent) -> None:
            if event.kind == "text":
                writer.add(event.text)

        if specialisation is None:
            answering = self._house._generation
            self._receipt(answering.generate(self._actor, request, context, listener=hear, control=writer.control))
        else:
            self._coached(request, context, specialisation, hear, writer.control)

    def _coached(
        self,
        request: LLMRequest,
        context: CallContext,
        specialisation: Specialisation,
        hear: Callable[[StreamEvent], None],
        control: CallControl,
    ) -> None:
        def made(entity: Entity) -> None:
            kept = {"kind": specialisation.kind, "fields": entity.model_dump(mode="json")}
            self._house._describe(self._sent.answer_id, entity=kept)

        coached = self._house._coach.answer(
            self._actor, request, context, specialisation, listener=hear, control=control, made=made
        )
        if coached.entity is None:
            missed = {"kind": specialisation.kind, "fields": None, "why": coached.missed}
            self._house._describe(self._sent.answer_id, entity=missed)
        self._receipt(coached.whole)

    def _receipt(self, answer: Answer) -> None:
        """Keep who answered and what it cost."""
        self._house._describe(
            self._sent.answer_id,
            route=asdict(answer.route),
            usage=answer.usage.as_dict(),
            cost_nano=None if answer.cost_usd is None else int(answer.cost_usd * NANO),
            latency_ms=answer.latency_ms,
            first_token_ms=answer.first_token_ms,
        )


def _subject(answer_id: UUID) -> str:
    return f"answer:{answer_id}"


def _row(message_id: UUID, thread_id: UUID, role: str, text: str, picks: Picks, now: datetime) -> ThreadMessage:
    return ThreadMessage(
        id=message_id,
        thread_id=thread_id,
        role=role,
        text=text,
        state="done",
        persona_key=picks.persona,
        persona_name="",
        mode=picks.mode,
        surface=picks.surface,
        model=picks.model,
        about=picks.about if role == "user" else "",
        created_at=now,
        saved_at=now,
    )
