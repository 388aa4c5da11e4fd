"""Rehearsal: the checks of a persona, asked of its versions on several models, in the background.

Nothing is asked before somebody has seen what it costs, but a few trick questions after a publication where the writer
wants that and it is free. Results are kept by the words of the prompt: a draft that is published, and a version that is
restored, keep what they were rehearsed to.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.authoring import Rehearsal as RehearsalRow
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.authoring.rehearsal.check_sets import check_set
from engine.authoring.rehearsal.checks import Check, small_set
from engine.authoring.rehearsal.matrix import Matrix
from engine.authoring.rehearsal.planning import Estimate, Plan, Planner, Wish
from engine.authoring.rehearsal.results import digest_of, matrix_of_persona, save_rates, sets_of
from engine.authoring.rehearsal.work import Job, Rehearser
from engine.conversations.saved_runs import CUT_AFTER
from engine.errors import BadInput, InProgress, NotFound
from engine.generation import Generation
from engine.personas.rights import spec_of
from engine.personas.versions import DRAFT, changeable, version_spec
from engine.runs import Keep, Run, Runs, RunWriter, State
from engine.usage.prices import NANO

__all__ = ["Estimate", "Progress", "Rehearsal", "RehearsedAnswer", "Wish"]

FIRST = ("failed", "unjudged", "error")


@dataclass(frozen=True, slots=True)
class Progress:
    """How the newest run stands. `error` has code, message and hint."""

    id: UUID
    state: State
    done: int
    total: int
    calls: int
    cost_usd: Decimal
    unknown_price: int
    judge: str
    error: Mapping[str, Any] | None
    started_at: datetime
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class RehearsedAnswer:
    """One filled cell with its words; `picked` is how its model was asked for."""

    check: Check
    state: str
    picked: str
    question: str
    answer: str
    judged_by: Literal["rule", "model", ""]
    reason: str


class Rehearsal:
    """Runs of checks, for those who may change a persona. One at a time for a persona."""

    def __init__(
        self,
        database: Database,
        generation: Generation,
        planner: Planner,
        runs: Runs,
        *,
        clock: Callable[[], datetime],
        deadline_s: float,
    ) -> None:
        self._database = database
        self._generation = generation
        self._planner = planner
        self._runs = runs
        self._clock = clock
        self._deadline_s = deadline_s

    @needs(Right.WRITE_PERSONAS)
    def estimate(self, actor: Actor, key: str, wish: Wish) -> Estimate:
        """What a rehearsal would ask and about what it costs. Raises NotFound, BadInput, and what routing raises."""
        return self._planner.estimated(self._planner.planned(actor, key, wish))

    @needs(Right.WRITE_PERSONAS)
    def start(self, actor: Actor, key: str, wish: Wish) -> UUID:
        """Begin to rehearse in the background. Raises as `estimate`, and InProgress while the persona is rehearsed."""
        return self._begun(actor, self._planner.planned(actor, key, wish))

    @needs(Right.WRITE_PERSONAS)
    def go_on(self, actor: Actor, key: str) -> UUID:
        """Go on with the newest run where it ended early; what has a verdict is not asked again.

        Raises NotFound, InProgress, BadInput, and what routing raises.
        """
        last = self._ended_early(actor, key)
        return self._begun(actor, self._planner.planned(actor, key, wish_of(last), last), last)

    @needs(Right.WRITE_PERSONAS)
    def left(self, actor: Actor, key: str) -> Estimate:
        """What going on would ask and about what it costs. Raises as `go_on`."""
        last = self._ended_early(actor, key)
        return self._planner.estimated(self._planner.planned(actor, key, wish_of(last), last))

    @needs(Right.WRITE_PERSONAS)
    def stop(self, actor: Actor, key: str) -> None:
        """End the run of a persona, whichever process writes it; what has a verdict is kept. Raises NotFound."""
        with self._database.read() as unit:
            row = changeable(unit, actor, key)
        self._runs.stop(_subject(row.id))
        with self._database.write() as unit:
            unit.rehearsals.stop(row.id, self._clock())

    @needs(Right.WRITE_PERSONAS)
    def run(self, actor: Actor, key: str) -> Run[Any] | None:
        """The run of this process that fills cells, to be followed. Raises NotFound."""
        with self._database.read() as unit:
            row = changeable(unit, actor, key)
        return self._runs.get(_subject(row.id))

    @needs(Right.WRITE_PERSONAS)
    def progress(self, actor: Actor, key: str) -> Progress | None:
        """How the newest run of a persona stands; None when there was none. Raises NotFound."""
        with self._database.read() as unit:
            last = unit.rehearsals.latest(changeable(unit, actor, key).id)
            return None if last is None else self._progress(last, unit.rehearsals.done(last.id))

    @needs(Right.WRITE_PERSONAS)
    def matrix(self, actor: Actor, key: str) -> Matrix:
        """All results that still count, by version and model. Raises NotFound."""
        with self._database.read() as unit:
            return matrix_of_persona(unit, changeable(unit, actor, key), actor)

    @needs(Right.WRITE_PERSONAS)
    def answers(self, actor: Actor, key: str, version: int, model: str) -> tuple[RehearsedAnswer, ...]:
        """What a version said on a model, failures first. Raises NotFound."""
        with self._database.read() as unit:
            row = changeable(unit, actor, key)
            digest = digest_of(version_spec(unit, actor, row, version))
            found = sets_of(unit, row, actor)[DRAFT if version == DRAFT else row.version]
            cells = unit.rehearsals.answers(row.id, digest, model)
        checks = {check.key: check for check in found}
        shown = [
            RehearsedAnswer(
                checks[cell.check_key],
                cell.state,
                cell.picked,
                cell.question,
                cell.answer,
                cell.judged_by,  # type: ignore[arg-type]
                cell.reason,
            )
            for cell in cells
            if cell.check_key in checks and checks[cell.check_key].digest == cell.check_digest
        ]
        return tuple(sorted(shown, key=lambda each: FIRST.index(each.state) if each.state in FIRST else len(FIRST)))

    @needs(Right.WRITE_PERSONAS)
    def after_publishing(self, actor: Actor, key: str) -> Estimate | None:
        """Rehearse a few trick questions on the version that was just published, where its writer wants that.

        Unasked only what is free is asked; else the estimate is returned, to be offered. Raises NotFound.
        """
        with self._database.write() as unit:
            row = changeable(unit, actor, key)
            save_rates(unit, row, self._clock())
            few = small_set(check_set(unit, row)) if spec_of(row.content).rehearse_on_save else ()
        if not few:
            return None
        plan = self._planner.planned(actor, key, Wish((row.version,), checks=tuple(check.key for check in few)))
        estimate = self._planner.estimated(plan)
        if not estimate.cells:
            return None
        if not estimate.free:
            return estimate
        with suppress(InProgress):  # somebody rehearses the persona already
            self._begun(actor, plan, unasked=True)
        return None

    def _ended_early(self, actor: Actor, key: str) -> RehearsalRow:
        with self._database.write() as unit:
            row = changeable(unit, actor, key)
            unit.rehearsals.give_up_on(row.id, self._clock() - CUT_AFTER)
            last = unit.rehearsals.latest(row.id)
        if last is None or last.state == "done":
            raise NotFound("There is no rehearsal to go on with.", hint="Run all checks.")
        return last

    def _begun(self, actor: Actor, plan: Plan, last: RehearsalRow | None = None, *, unasked: bool = False) -> UUID:
        """Write down what is to be done, and begin to do it."""
        if not plan.asked and last is None:
            self._keep_rates(plan.row.id)
            raise BadInput(
                "Every one of these checks has its verdict already.",
                field="Checks",
                hint="Choose to ask them again, or choose others.",
            )
        now = self._clock()
        with self._database.write() as unit:
            unit.rehearsals.give_up_on(plan.row.id, now - CUT_AFTER)
            rehearsal_id, turn = self._new(unit, actor, plan, now) if last is None else self._again(unit, last, now)
            unit.rehearsals.unplan(rehearsal_id, keep=plan.kept)
            saved = {"rehearsal_id": rehearsal_id, "turn": turn, "saved_at": now}
            unit.rehearsals.plan(cell | saved for cell in plan.cells)
            unit.rehearsals.wait_again(plan.verdicts, rehearsal_id, turn)
            total = unit.rehearsals.done(rehearsal_id) + len(unit.rehearsals.waiting(rehearsal_id))
            unit.rehearsals.set_total(rehearsal_id, total)
        job = Job(rehearsal_id, turn, plan.key, plan.systems, plan.columns, plan.checks, plan.judge, unasked=unasked)
        rehearser = Rehearser(
            self._database, self._generation, actor, job, clock=self._clock, deadline_s=self._deadline_s
        )

        def work(writer: RunWriter) -> None:
            try:
                rehearser(writer)
            finally:
                self._keep_rates(plan.row.id)

        self._runs.start(_subject(plan.row.id), work, keep=self._keep(rehearsal_id, turn))
        return rehearsal_id

    def _new(self, unit: Unit, actor: Actor, plan: Plan, now: datetime) -> tuple[UUID, int]:
        wish, judge = plan.wish, plan.judge.picked if plan.judge else plan.wish.judge
        row = RehearsalRow(
            id=uuid7(),
            persona_id=plan.row.id,
            person_id=actor.person_id,
            state="writing",
            turn=1,
            versions=list(wish.versions),
            models=list(wish.models),
            checks=list(wish.checks or ()),
            judge=judge,
            total=0,
            calls=0,
            cost_nano=0,
            unknown_price=0,
            started_at=now,
            saved_at=now,
        )
        if not unit.rehearsals.begin(row):
            raise _running()
        return row.id, row.turn

    def _again(self, unit: Unit, last: RehearsalRow, now: datetime) -> tuple[UUID, int]:
        turn = unit.rehearsals.go_on(last.id, now)
        if turn is None:
            raise _running()
        return last.id, turn

    def _keep(self, rehearsal_id: UUID, turn: int) -> Keep:
        def keep(_: str, state: State) -> bool:
            with self._database.write() as unit:
                return unit.rehearsals.keep(rehearsal_id, turn, state, self._clock())

        return keep

    def _keep_rates(self, persona_id: UUID) -> None:
        with self._database.write() as unit:
            row = unit.personas.by_id(persona_id)
            if row is not None:
                save_rates(unit, row, self._clock())

    def _progress(self, row: RehearsalRow, done: int) -> Progress:
        silent = row.state == "writing" and self._clock() - row.saved_at > CUT_AFTER
        return Progress(
            id=row.id,
            state="cut" if silent else row.state,  # type: ignore[arg-type]
            done=done,
            total=row.total,
            calls=row.calls,
            cost_usd=Decimal(row.cost_nano) / NANO,
            unknown_price=row.unknown_price,
            judge=row.judge,
            error=row.error,
            started_at=row.started_at,
            saved_at=row.saved_at,
        )


def wish_of(row: RehearsalRow) -> Wish:
    """What a run was to rehearse."""
    return Wish(tuple(row.versions), tuple(row.models), row.judge, tuple(row.checks) or None)


def _subject(persona_id: UUID) -> str:
    return f"rehearsal:{persona_id}"


def _running() -> InProgress:
    return InProgress("This persona is being rehearsed already.", hint="Watch it, or stop it first.")
