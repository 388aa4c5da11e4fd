"""Queries for checks, rehearsals, their cells and rates."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, update

from db.models.authoring import PersonaCheck, Rehearsal, RehearsalCell, RehearsalRate
from db.models.base import table_of
from db.repositories.base import Repository
from db.repositories.dialects import insert_into

_CELLS, _RATES, _CHECKS = map(table_of, (RehearsalCell, RehearsalRate, PersonaCheck))
LIGHT = ("id", "rehearsal_id", "prompt_digest", "model", "check_key", "check_digest", "state", "saved_at")
RETRY = ("stopped", "failed", "cut")


class Rehearsals(Repository):
    """The checks of personas, and what came of them."""

    def checks(self, persona_id: UUID) -> Sequence[PersonaCheck]:
        """What a writer changed, removed or added, by age."""
        own = select(PersonaCheck).where(PersonaCheck.persona_id == persona_id)
        return self._session.scalars(own.order_by(PersonaCheck.updated_at, PersonaCheck.key)).all()

    def save_check(self, values: dict[str, Any]) -> None:
        """Keep a check in the place of the one with its key."""
        self._put(_CHECKS, [values])

    def drop_check(self, persona_id: UUID, key: str) -> None:
        """Forget what was said of a check."""
        self._session.execute(
            delete(PersonaCheck).where(PersonaCheck.persona_id == persona_id, PersonaCheck.key == key)
        )

    def latest(self, persona_id: UUID) -> Rehearsal | None:
        """The newest run of a persona."""
        newest = select(Rehearsal).where(Rehearsal.persona_id == persona_id).order_by(Rehearsal.id.desc()).limit(1)
        return self._session.scalar(newest)

    def begin(self, rehearsal: Rehearsal) -> bool:
        """Add a run; False when one of the persona is being written."""
        return self._added(rehearsal)

    def give_up_on(self, persona_id: UUID, silent_since: datetime) -> None:
        """End a run whose process is gone."""
        self._session.execute(
            update(Rehearsal)
            .where(Rehearsal.persona_id == persona_id, Rehearsal.state == "writing", Rehearsal.saved_at < silent_since)
            .values(state="cut")
        )

    def go_on(self, rehearsal_id: UUID, at: datetime) -> int | None:
        """Begin the next turn of a run that ended early: its number, or None when somebody else was first.

        Cells that were being asked wait again.
        """
        turn: int | None = self._session.scalar(
            update(Rehearsal)
            .where(Rehearsal.id == rehearsal_id, Rehearsal.state.in_(RETRY))
            .values(state="writing", turn=Rehearsal.turn + 1, error=None, saved_at=at)
            .returning(Rehearsal.turn)
        )
        if turn is not None:
            asked = update(RehearsalCell).where(RehearsalCell.rehearsal_id == rehearsal_id)
            self._session.execute(asked.where(RehearsalCell.state.in_(("asking", "error"))).values(state="waiting"))
        return turn

    def set_total(self, rehearsal_id: UUID, total: int) -> None:
        """Say how many cells a run is to fill."""
        self._session.execute(update(Rehearsal).where(Rehearsal.id == rehearsal_id).values(total=total))

    def keep(self, rehearsal_id: UUID, turn: int, state: str, at: datetime) -> bool:
        """Save how a run stands; False when it was stopped, or another turn has begun."""
        return self._changed(rehearsal_id, turn, state=state, saved_at=at)

    def spent(self, rehearsal_id: UUID, turn: int, cost_nano: int | None) -> None:
        """Count a call."""
        unknown = int(cost_nano is None)
        self._changed(
            rehearsal_id,
            turn,
            running=False,
            calls=Rehearsal.calls + 1,
            cost_nano=Rehearsal.cost_nano + (cost_nano or 0),
            unknown_price=Rehearsal.unknown_price + unknown,
        )

    def fail(self, rehearsal_id: UUID, turn: int, error: dict[str, Any]) -> None:
        """Keep why a run ended."""
        self._changed(rehearsal_id, turn, running=False, error=error)

    def stop(self, persona_id: UUID, at: datetime) -> None:
        """End the run of a persona, whichever process writes it."""
        running = update(Rehearsal).where(Rehearsal.persona_id == persona_id, Rehearsal.state == "writing")
        self._session.execute(running.values(state="stopped", saved_at=at))

    def plan(self, cells: Iterable[dict[str, Any]]) -> None:
        """Have cells wait, in the place of earlier ones of the same prompt, model and check."""
        self._put(_CELLS, list(cells), unique=("persona_id", "prompt_digest", "model", "check_key"))

    def wait_again(self, cell_ids: Sequence[UUID], rehearsal_id: UUID, turn: int) -> None:
        """Have cells wait that keep the answer they have: only their verdict is wanted."""
        again = update(RehearsalCell).where(RehearsalCell.id.in_(list(cell_ids)))
        self._session.execute(again.values(state="waiting", rehearsal_id=rehearsal_id, turn=turn))

    def unplan(self, rehearsal_id: UUID, keep: Sequence[UUID]) -> None:
        """Forget waiting cells of a run that are not wanted any more."""
        waiting = delete(RehearsalCell).where(
            RehearsalCell.rehearsal_id == rehearsal_id, RehearsalCell.state == "waiting"
        )
        self._session.execute(waiting.where(RehearsalCell.id.not_in(list(keep))))

    def waiting(self, rehearsal_id: UUID) -> Sequence[RehearsalCell]:
        """The cells of a run that are still to be filled, in order."""
        cells = select(RehearsalCell).where(RehearsalCell.rehearsal_id == rehearsal_id)
        return self._session.scalars(
            cells.where(RehearsalCell.state == "waiting").order_by(RehearsalCell.place, RehearsalCell.id)
        ).all()

    def claim(self, cell_id: UUID, rehearsal_id: UUID, turn: int) -> bool:
        """Take a waiting cell for a turn; False when the run is over or somebody else has the cell."""
        running = select(Rehearsal.id).where(
            Rehearsal.id == rehearsal_id, Rehearsal.turn == turn, Rehearsal.state == "writing"
        )
        taken = (
            update(RehearsalCell)
            .where(RehearsalCell.id == cell_id, RehearsalCell.state == "waiting", running.exists())
            .where(RehearsalCell.rehearsal_id == rehearsal_id)
            .values(state="asking", turn=turn)
            .returning(RehearsalCell.id)
        )
        return self._session.scalar(taken) is not None

    def fill(self, cell_id: UUID, turn: int, **values: Any) -> bool:
        """Write into a cell that a turn has taken; False when it has it no more."""
        filled = (
            update(RehearsalCell)
            .where(RehearsalCell.id == cell_id, RehearsalCell.turn == turn, RehearsalCell.state == "asking")
            .values(**values)
            .returning(RehearsalCell.id)
        )
        return self._session.scalar(filled) is not None

    def done(self, rehearsal_id: UUID) -> int:
        """How many cells of a run are filled."""
        filled = select(func.count()).where(
            RehearsalCell.rehearsal_id == rehearsal_id, RehearsalCell.state.not_in(("waiting", "asking"))
        )
        return self._session.scalar(filled) or 0

    def results(self, persona_id: UUID) -> Sequence[Row[Any]]:
        """All cells of a persona without their words, oldest first."""
        light = select(*(_CELLS.c[name] for name in LIGHT)).where(_CELLS.c.persona_id == persona_id)
        return self._session.execute(light.order_by(_CELLS.c.saved_at, _CELLS.c.id)).all()

    def answers(self, persona_id: UUID, prompt_digest: str, model: str) -> Sequence[RehearsalCell]:
        """The cells of one prompt and model, with their words."""
        cells = select(RehearsalCell).where(
            RehearsalCell.persona_id == persona_id,
            RehearsalCell.prompt_digest == prompt_digest,
            RehearsalCell.model == model,
        )
        return self._session.scalars(cells.order_by(RehearsalCell.place)).all()

    def blank_before(self, instant: datetime) -> None:
        """Forget the words of answers that were last written before an instant; what came of them stays."""
        old = update(RehearsalCell).where(RehearsalCell.answer != "", RehearsalCell.saved_at < instant)
        self._session.execute(old.values(answer="", reason=""), execution_options={"synchronize_session": False})

    def save_rates(self, rates: list[dict[str, Any]]) -> None:
        """Keep what versions were rehearsed to, in the place of what was known."""
        self._put(_RATES, rates)

    def forget_rates(self, persona_id: UUID) -> None:
        """The set of checks is another one: nothing was rehearsed with it."""
        self._session.execute(delete(RehearsalRate).where(RehearsalRate.persona_id == persona_id))

    def best_rate(self, persona_id: UUID, version: int) -> RehearsalRate | None:
        """Where a version passed the largest share of its checks."""
        rows = self._session.scalars(
            select(RehearsalRate).where(RehearsalRate.persona_id == persona_id, RehearsalRate.version == version)
        ).all()
        return max(rows, key=lambda row: row.passed / row.total, default=None)

    def _changed(self, rehearsal_id: UUID, turn: int, *, running: bool = True, **values: Any) -> bool:
        mine = update(Rehearsal).where(Rehearsal.id == rehearsal_id, Rehearsal.turn == turn)
        if running:
            mine = mine.where(Rehearsal.state == "writing")
        changed = mine.values(**values).returning(Rehearsal.id)
        return self._session.scalar(changed, execution_options={"synchronize_session": False}) is not None

    def _put(self, table: Any, rows: list[dict[str, Any]], *, unique: tuple[str, ...] = ()) -> None:
        if not rows:
            return
        insert = insert_into(self._session.get_bind().dialect.name, table)
        keys = unique or tuple(column.name for column in table.primary_key)
        news = {name: insert.excluded[name] for name in rows[0] if name not in (*keys, "id")}
        self._session.connection().execute(insert.on_conflict_do_update(index_elements=list(keys), set_=news), rows)
