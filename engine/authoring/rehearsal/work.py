"""The work of a rehearsal: cell by cell, each asked, judged and saved before the next, so that none is asked twice.

A cell is taken in one statement before it is asked, and its answer is kept before it is judged. So a run that was
stopped, or lost its process, goes on where it was; the one answer that was being written is asked once more.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from db.models.authoring import RehearsalCell
from db.session import Database
from engine.accounts.actor import Actor
from engine.authoring.asking import ask, takes_nothing
from engine.authoring.rehearsal.checks import Check
from engine.authoring.rehearsal.judging import Verdict, judge_request, judged_by_rule, verdict_of
from engine.errors import KeyRejected, ModelNotFound, ProviderError, ProviderQuota, Stopped, StudioError
from engine.generation import Answer, CallContext, Generation
from engine.llm import LLMRequest, Message
from engine.routing.route import Route
from engine.runs import RunWriter, storable
from engine.usage.prices import NANO

SURFACE = "rehearsal"
ANSWER_TOKENS = 400
HOPELESS = (KeyRejected, ModelNotFound, ProviderQuota)
"""What will not be better at the next question."""
GIVE_UP_AFTER = 3
"""So many failures of one model in a row, and the run leaves its other cells for later."""


@dataclass(frozen=True, slots=True)
class Column:
    """A model of a rehearsal: as it was picked, and who that was when the run began."""

    picked: str
    route: Route

    @property
    def ref(self) -> str:
        """The name of the column."""
        return str(self.route.ref)


@dataclass(frozen=True, slots=True)
class Job:
    """What a run has to do. `systems` are the system texts by version; `unasked`: nobody pressed a button for it."""

    rehearsal_id: UUID
    turn: int
    persona_key: str
    systems: Mapping[int, str]
    columns: Mapping[str, Column]
    checks: Mapping[str, Check]
    judge: Column | None
    unasked: bool = False


@dataclass(slots=True)
class _Troubles:
    """Which models are not asked any more in this run, and why."""

    last: ProviderError | None = None
    left: set[str] = field(default_factory=set)
    in_a_row: Counter[str] = field(default_factory=Counter)

    def met(self, model: str, problem: ProviderError) -> None:
        self.in_a_row[model] += 1
        if isinstance(problem, HOPELESS) or self.in_a_row[model] >= GIVE_UP_AFTER:
            self.left.add(model)
            self.last = problem


class Rehearser:
    """Fills the cells of one run."""

    def __init__(
        self,
        database: Database,
        generation: Generation,
        actor: Actor,
        job: Job,
        *,
        clock: Callable[[], datetime],
        deadline_s: float,
    ) -> None:
        self._database = database
        self._generation = generation
        self._actor = actor
        self._job = job
        self._clock = clock
        self._deadline_s = deadline_s
        self._troubles = _Troubles()

    def __call__(self, writer: RunWriter) -> None:
        """Fill what waits. A refusal ends the run and is kept with it, as is what no model would answer."""
        try:
            self._fill_all(writer)
            if self._troubles.last is not None and not writer.control.stopped:
                raise self._troubles.last
        except StudioError as problem:
            if not writer.control.stopped:
                said = {"code": problem.code, "message": problem.message, "hint": problem.hint}
                with self._database.write() as unit:
                    unit.rehearsals.fail(self._job.rehearsal_id, self._job.turn, said)
            raise

    def _fill_all(self, writer: RunWriter) -> None:
        with self._database.read() as unit:
            waiting = unit.rehearsals.waiting(self._job.rehearsal_id)
        for cell in waiting:
            if cell.model in self._troubles.left:
                continue
            if writer.control.stopped or not self._claim(cell):
                return
            try:
                self._fill(cell, self._job.checks[cell.check_key], writer)
            except BaseException:
                self._save(cell, state="waiting")
                raise

    def _claim(self, cell: RehearsalCell) -> bool:
        with self._database.write() as unit:
            return unit.rehearsals.claim(cell.id, self._job.rehearsal_id, self._job.turn)

    def _fill(self, cell: RehearsalCell, check: Check, writer: RunWriter) -> None:
        text = cell.answer
        if not text:
            try:
                answer = self._answer(cell, check, writer)
            except Stopped:
                raise
            except ProviderError as problem:
                self._troubles.met(cell.model, problem)
                self._save(cell, state="error", reason=f"{problem.message} {problem.hint}".strip(), judged_by="")
                return
            self._troubles.in_a_row[cell.model] = 0
            text = storable(answer.text)
            self._save(cell, answer=text, cost_nano=_nano(answer))
        verdict = self._verdict(cell, check, text, writer)
        self._save(cell, state=verdict.outcome, judged_by=verdict.by, reason=storable(verdict.reason))

    def _answer(self, cell: RehearsalCell, check: Check, writer: RunWriter) -> Answer:
        request = LLMRequest(
            (Message("user", check.question),), self._job.systems[cell.version], max_output_tokens=ANSWER_TOKENS
        )
        return self._ask(cell, self._job.columns[cell.model], request, "answer", writer)

    def _verdict(self, cell: RehearsalCell, check: Check, text: str, writer: RunWriter) -> Verdict:
        if check.by_rule or not text.strip():
            return judged_by_rule(check, text)
        if self._job.judge is None:
            return Verdict("unjudged", "model", "No model was there to judge.")
        try:
            answer = self._ask(cell, self._job.judge, judge_request(check, text), "verdict", writer)
        except Stopped:
            raise
        except ProviderError as problem:
            self._troubles.met("judge", problem)
            if "judge" in self._troubles.left:
                raise
            return Verdict("unjudged", "model", f"The judge could not answer: {problem.message}")
        self._troubles.in_a_row["judge"] = 0
        return verdict_of(answer.text)

    def _ask(self, cell: RehearsalCell, column: Column, request: LLMRequest, what: str, writer: RunWriter) -> Answer:
        job = self._job
        context = CallContext(
            SURFACE,
            model=column.picked,
            persona_key=job.persona_key,
            persona_version=cell.version or None,
            idempotency_key=f"{job.rehearsal_id}:{cell.id}:{job.turn}:{what}",
            unasked=job.unasked or takes_nothing(self._actor, column.route),
        )
        answer = ask(self._generation, self._actor, request, context, writer.control, deadline_s=self._deadline_s)
        with self._database.write() as unit:
            unit.rehearsals.spent(job.rehearsal_id, job.turn, _nano(answer))
        return answer

    def _save(self, cell: RehearsalCell, **values: object) -> None:
        with self._database.write() as unit:
            unit.rehearsals.fill(cell.id, self._job.turn, **values, saved_at=self._clock())


def _nano(answer: Answer) -> int | None:
    return None if answer.cost_usd is None else int(answer.cost_usd * NANO)
