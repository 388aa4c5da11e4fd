"""The assistant: a question in a thread, answered by any persona in any mode on any model, message by message."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.guards import default_of
from engine.accounts.rights import Right, needs
from engine.conversations.answering import Answering, Asked
from engine.conversations.ask import clean_question
from engine.conversations.picks import NO_PICKS, PickResolver, Picks
from engine.conversations.prompting import ANSWER_TOKENS, Place, Prompts, one_line
from engine.conversations.rows import answer_row, new_thread, question_row
from engine.conversations.threads import message_row, speaker_of, thread_row
from engine.errors import BadInput, NotFound
from engine.generation import Generation
from engine.personas.catalogue import Persona, Personas
from engine.personas.seed import DEFAULT_PERSONA
from engine.routing.route import Route
from engine.routing.router import Router
from engine.routing.tables import TableSource
from engine.runs import Run, Runs
from engine.usage.prices import NANO, PriceBook

__all__ = ["NO_PICKS", "Assistant", "Picks", "Sent"]


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a question went: its thread, itself, and the answer that is being written."""

    thread_id: UUID
    question_id: UUID
    answer_id: UUID


class Assistant:
    """What a person does: ask, have it answered again, stop it, and see before who answers and what it costs."""

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
        self._personas = personas
        self._prices = prices
        self._clock = clock
        self._resolver = PickResolver(router, tables, Prompts(database, prices.tokens))
        self._answering = Answering(database, generation, self._resolver, runs, clock=clock)

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
            if thread_id is None:
                thread = new_thread(speaker_of(actor), question, now)
                unit.conversations.add(thread)
            else:
                thread = thread_row(unit, actor, thread_id)
            asked = question_row(question_id, thread.id, question, picks, now)
            answer = answer_row(thread.id, question_id, persona, self._resolver.mode(picks), picks, now)
            unit.conversations.say(asked, answer)
            unit.conversations.change(speaker_of(actor), thread.id, updated_at=now)
        place = Place(thread.id, question_id)
        self._answering.begin(Asked(actor, question, persona, picks, place, answer.id))
        return Sent(thread.id, question_id, answer.id)

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
            mode = self._resolver.mode(wanted)
            answer = answer_row(old.thread_id, question.id, persona, mode, wanted, now)
            unit.conversations.replace(old.id, answer)
            unit.conversations.change(speaker_of(actor), old.thread_id, updated_at=now)
        place = Place(old.thread_id, question.id)
        asked = Asked(actor, question.text, persona, wanted, place, answer.id)
        self._answering.begin(asked, instead_of=answer_id)
        return Sent(old.thread_id, question.id, answer.id)

    @needs(Right.USE)
    def run(self, actor: Actor, answer_id: UUID) -> Run[Any] | None:
        """The run that writes an answer in this process; None when it is over or elsewhere: the message tells."""
        with self._database.read() as unit:
            message_row(unit, actor, answer_id)
        return self._answering.run(answer_id)

    @needs(Right.USE)
    def stop(self, actor: Actor, answer_id: UUID) -> None:
        """End an answer, whichever process writes it; what came is kept. Raises NotFound."""
        with self._database.read() as unit:
            message_row(unit, actor, answer_id)
        self._answering.stop(answer_id)

    @needs(Right.USE)
    def route(self, actor: Actor, picks: Picks = NO_PICKS) -> Route:
        """Who would answer. Raises NotFound, and what `Router.resolve` raises."""
        return self._resolver.route(actor, self._persona(actor, picks.persona), picks)

    @needs(Right.USE)
    def estimate(self, actor: Actor, picks: Picks = NO_PICKS, *, thread_id: UUID | None = None) -> Decimal | None:
        """About the most that the next short question costs, in USD; None when nobody knows the price.

        Raises NotFound, and what `Router.resolve` raises.
        """
        if thread_id is not None:
            with self._database.read() as unit:
                thread_row(unit, actor, thread_id)
        persona = self._persona(actor, picks.persona)
        route = self._resolver.route(actor, persona, picks)
        read = self._resolver.request(actor, persona, picks, "", Place(thread_id)).estimated_input_tokens
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
