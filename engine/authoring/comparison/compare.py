"""Comparing: one question, put to up to four models, or to versions of a persona, side by side.

What is compared is named by a persona's key, or as `draft:<id>`. Nothing is asked before its cost was shown; each
column is a run of its own, and what it said is kept, so that a reload shows it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.authoring import Comparison as ComparisonRow
from db.models.authoring import ComparisonAnswer as AnswerRow
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.authoring.asking import likely_cost, route_for, takes_nothing, together
from engine.authoring.comparison.results import CURRENT, Column, Compared, Comparison, Offer, Standing, standings_of
from engine.authoring.comparison.work import ColumnWork
from engine.conversations.ask import clean_question
from engine.conversations.saved_runs import CUT_AFTER
from engine.errors import BadInput, NotFound, StudioError
from engine.generation import CallContext, Generation
from engine.llm import LLMRequest, Message, Usage
from engine.personas.drafts import Drafts
from engine.personas.prompt import sections, system_text
from engine.personas.rights import find, spec_of, writer_of
from engine.personas.spec import PersonaSpec
from engine.personas.versions import DRAFT, changeable, version_spec
from engine.routing.route import Route
from engine.routing.router import Router
from engine.routing.tables import TableSource
from engine.runs import Runs
from engine.usage.prices import NANO, PriceBook

SURFACE = "compare"
MOST_COLUMNS, LAST_QUESTIONS = 4, 20
ANSWER_TOKENS, LIKELY_TOKENS = 400, 120
PREFERABLE = ("balanced", "fast", "frontier", "cheap")
"""The profiles that a persona can prefer; of several that name a model, the first."""
BY_DRAFT = "draft:"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared. `persona_key` is empty for what was never published, `version` DRAFT for a draft."""

    about: UUID
    persona_key: str
    slug: str
    version: int
    name: str
    avatar: str
    questions: tuple[str, ...]
    may_edit: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """One column worked out: what is asked of whom, or why nobody can be asked."""

    column: Column
    spec: PersonaSpec
    request: LLMRequest
    route: Route | None
    problem: StudioError | None


@dataclass(frozen=True, slots=True)
class Preferred:
    """The draft that prefers a profile now."""

    draft_id: UUID
    profile: str


class Compare:
    """Asks, and keeps what was said and how it was liked."""

    def __init__(
        self,
        database: Database,
        generation: Generation,
        drafts: Drafts,
        router: Router,
        prices: PriceBook,
        tables: TableSource,
        runs: Runs,
        *,
        clock: Callable[[], datetime],
        deadline_s: float,
    ) -> None:
        self._database = database
        self._generation = generation
        self._drafts = drafts
        self._router = router
        self._prices = prices
        self._tables = tables
        self._runs = runs
        self._clock = clock
        self._deadline_s = deadline_s

    @needs(Right.USE)
    def subject(self, actor: Actor, of: str) -> Subject:
        """What is compared. Raises NotFound."""
        return self._subject(actor, of)[0]

    @needs(Right.USE)
    def offer(self, actor: Actor, of: str, question: str, columns: Sequence[Column]) -> Offer:
        """What asking would cost; a model that cannot be asked costs nothing. Raises NotFound, BadInput."""
        asked = [each for each in self._asked(actor, of, question, columns) if each.route is not None]
        costs = [likely_cost(self._prices, each.route, each.request, LIKELY_TOKENS) for each in asked if each.route]
        return Offer(len(asked), together(costs), all(each.route.free for each in asked if each.route))

    @needs(Right.USE)
    def ask(self, actor: Actor, of: str, question: str, columns: Sequence[Column]) -> UUID:
        """Put a question to all columns at once; what one is refused is kept in it. Raises NotFound, BadInput."""
        asked = self._asked(actor, of, question, columns)
        subject, now = self.subject(actor, of), self._clock()
        row = ComparisonRow(
            id=uuid7(),
            person_id=writer_of(actor),
            about=subject.about,
            question=clean_question(question),
            created_at=now,
        )
        answers = [_answer_row(row.id, place, each, now) for place, each in enumerate(asked)]
        with self._database.write() as unit:
            unit.comparisons.add(row, answers)
        for answer, each in zip(answers, asked, strict=True):
            if each.route is not None:
                self._begin(actor, subject, answer.id, each, each.route, row.question)
        return row.id

    @needs(Right.USE)
    def last(self, actor: Actor, of: str) -> Comparison | None:
        """The newest question about a persona or draft, with what has come so far. Raises NotFound."""
        return next(iter(self._newest(actor, of, most=1)), None)

    @needs(Right.USE)
    def stop(self, actor: Actor, of: str) -> None:
        """End the columns that are being written; what came is kept. Raises NotFound."""
        comparison = self.last(actor, of)
        for column in comparison.columns if comparison else ():
            if column.state == "writing":
                self._runs.stop(_run_of(column.id))
                with self._database.write() as unit:
                    unit.comparisons.keep(column.id, state="stopped", text=column.text, saved_at=self._clock())

    @needs(Right.USE)
    def rate(self, actor: Actor, answer_id: UUID, rating: Literal[-1, 1] | None) -> None:
        """Say whether a column was good; None takes that back. Raises NotFound."""
        with self._database.write() as unit:
            _own_answer(unit, actor, answer_id)
            unit.comparisons.describe(answer_id, rating=rating)

    @needs(Right.USE)
    def standings(self, actor: Actor, of: str) -> list[Standing]:
        """How each model did over the last questions, the best liked first. Raises NotFound."""
        return standings_of(self._newest(actor, of, most=LAST_QUESTIONS))

    @needs(Right.WRITE_PERSONAS)
    def profile_for(self, actor: Actor, answer_id: UUID) -> str:
        """The profile by which a persona can prefer the model of a column: the one that was asked, the one that comes
        to it now, or one that names it. Empty when there is none."""
        with self._database.read() as unit:
            answer = _own_answer(unit, actor, answer_id)
        if answer.profile in PREFERABLE:
            return answer.profile
        serving, ref = self._router.serving(actor), f"{answer.provider}:{answer.model}"
        cells = self._tables.now().profiles
        naming = [name for name in PREFERABLE if answer.model in cells.get(name, {}).get(answer.provider, ())]
        return next((name for name in PREFERABLE if str(serving.get(name)) == ref), next(iter(naming), ""))

    @needs(Right.WRITE_PERSONAS)
    def prefer(self, actor: Actor, of: str, answer_id: UUID) -> Preferred:
        """Have the persona's draft prefer models like that of a column. Raises NotFound, BadInput."""
        if not self.subject(actor, of).may_edit:
            raise NotFound(f"There is no persona {of!r} that you may change.", hint="Make a copy of your own.")
        profile = self.profile_for(actor, answer_id)
        if not profile:
            raise BadInput(
                "No profile names this model, so a persona cannot prefer it.",
                field="Preferred profile",
                hint="An administrator can put it into a profile under Routing.",
            )
        draft_id = _draft_id(of) or self._drafts.open(actor, of).id
        self._drafts.save(actor, draft_id, {"preferred_profile": profile})
        return Preferred(draft_id, profile)

    def _begin(
        self, actor: Actor, subject: Subject, answer_id: UUID, asked: _Asked, route: Route, question: str
    ) -> None:
        context = CallContext(
            SURFACE,
            model=asked.column.model,
            persona_key=subject.persona_key or None,
            persona_version=asked.column.version or None,
            unasked=takes_nothing(actor, route),
            preferred_profile=asked.spec.preferred_profile,
        )
        work = ColumnWork(
            self._database, self._generation, actor, answer_id, asked.spec, asked.request, context,
            clock=self._clock, deadline_s=self._deadline_s,
        )  # fmt: skip
        self._runs.start(_run_of(answer_id), work, question=question, keep=work.keep())

    def _asked(self, actor: Actor, of: str, question: str, columns: Sequence[Column]) -> list[_Asked]:
        text, mode = clean_question(question), self._tables.now().mode("general").description
        subject, current = self._subject(actor, of)
        wanted = {
            Column(each.model, subject.version if each.version == CURRENT else each.version): None for each in columns
        }
        if not 1 <= len(wanted) <= MOST_COLUMNS:
            raise BadInput(f"Choose 1 to {MOST_COLUMNS} models.", field="Models", hint="Nothing was asked.")
        found = []
        for column in wanted:
            spec = current if column.version == subject.version else self._version(actor, subject, column.version)
            system = system_text(sections(spec, mode=mode))
            request = LLMRequest((Message("user", text),), system, max_output_tokens=ANSWER_TOKENS)
            try:
                preferred = spec.preferred_profile
                route = route_for(self._router, actor, SURFACE, column.model, preferred_profile=preferred)
                problem = None
            except StudioError as refused:
                route, problem = None, refused
            found.append(_Asked(column, spec, request, route, problem))
        return found

    def _subject(self, actor: Actor, of: str) -> tuple[Subject, PersonaSpec]:
        if draft_id := _draft_id(of):
            draft = self._drafts.get(actor, draft_id)
            with self._database.read() as unit:
                stored = unit.drafts.by_id(draft_id, writer_of(actor))
            about, spec = (stored.persona_id if stored else None) or draft.id, draft.spec
            key, questions = draft.persona_key or "", spec.sample_queries
            return Subject(about, key, draft.key, DRAFT, spec.name, spec.avatar, questions, True), spec
        with self._database.read() as unit:
            found = find(unit, actor, of)
        row, spec = found.row, spec_of(found.row.content)
        may, questions = found.may.edit, spec.sample_queries
        return Subject(row.id, found.key, row.key, row.version, spec.name, spec.avatar, questions, may), spec

    def _version(self, actor: Actor, subject: Subject, number: int) -> PersonaSpec:
        """Another version than the one that is compared: for those who may change the persona."""
        with self._database.read() as unit:
            return version_spec(unit, actor, changeable(unit, actor, subject.persona_key), number)

    def _newest(self, actor: Actor, of: str, *, most: int) -> list[Comparison]:
        about = self.subject(actor, of).about
        if actor.person_id is None:
            return []
        with self._database.read() as unit:
            rows = unit.comparisons.newest(actor.person_id, about, most=most)
        return [
            Comparison(row.id, row.question, row.created_at, tuple(self._compared(answer) for answer in answers))
            for row, answers in rows
        ]

    def _compared(self, row: AnswerRow) -> Compared:
        writing = row.state == "writing"
        run = self._runs.get(_run_of(row.id)) if writing else None
        fields: dict[str, Any] = {name: getattr(row, name) for name in Compared.__slots__ if hasattr(row, name)}
        if run is not None and len(run.text) > len(row.text):
            fields["text"] = run.text
        if writing and self._clock() - row.saved_at > CUT_AFTER:
            fields["state"] = "cut"
        cost = None if row.cost_nano is None else Decimal(row.cost_nano) / NANO
        return Compared(**fields | {"usage": Usage(**row.usage) if row.usage else None, "cost_usd": cost})


def _answer_row(comparison_id: UUID, place: int, asked: _Asked, now: datetime) -> AnswerRow:
    problem, route = asked.problem, asked.route
    return AnswerRow(
        id=uuid7(),
        comparison_id=comparison_id,
        place=place,
        version=asked.column.version,
        picked=asked.column.model,
        provider=route.provider if route else "",
        model=route.model if route else "",
        profile=route.profile if route else "",
        state="writing" if route else "failed",
        text="",
        error={"code": problem.code, "message": problem.message, "hint": problem.hint} if problem else None,
        saved_at=now,
    )


def _own_answer(unit: Unit, actor: Actor, answer_id: UUID) -> AnswerRow:
    found = unit.comparisons.answer(actor.person_id, answer_id) if actor.person_id else None
    if found is None:
        raise NotFound("There is no such answer of yours.", hint="It was deleted, perhaps in another tab.")
    return found[1]


def _draft_id(of: str) -> UUID | None:
    if not of.startswith(BY_DRAFT):
        return None
    try:
        return UUID(of.removeprefix(BY_DRAFT))
    except ValueError:
        raise NotFound("That draft is gone.", hint="It was published or discarded, perhaps in another tab.") from None


def _run_of(answer_id: UUID) -> str:
    return f"compare:{answer_id}"
