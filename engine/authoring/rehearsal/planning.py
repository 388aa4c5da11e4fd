"""What a rehearsal would ask: which cells are still empty, how many calls that makes, and about what they cost."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.authoring import Rehearsal as RehearsalRow
from db.models.personas import Persona as PersonaRow
from db.session import Database
from engine.accounts.actor import Actor
from engine.authoring.asking import likely_cost, route_for, together
from engine.authoring.rehearsal.checks import Check
from engine.authoring.rehearsal.judging import judge_request
from engine.authoring.rehearsal.results import digest_of, sets_of
from engine.authoring.rehearsal.work import SURFACE, Column
from engine.errors import BadInput
from engine.llm import LLMRequest, Message
from engine.personas.prompt import sections, system_text
from engine.personas.versions import changeable, version_spec
from engine.routing.router import Router
from engine.routing.tables import TableSource
from engine.usage.prices import PriceBook

MOST_VERSIONS, MOST_MODELS, MOST_CELLS = 8, 4, 600
LIKELY_TOKENS, LIKELY_VERDICT_TOKENS = 120, 50
"""How long answers and verdicts usually are, for estimates."""
_LIKELY_ANSWER = "word " * LIKELY_TOKENS


@dataclass(frozen=True, slots=True)
class Wish:
    """What to rehearse. Models and the judge are written as they are picked; an empty one is the chain's own choice.

    `checks` names those that are wanted, None all; with `again` those are asked too that have a verdict already.
    """

    versions: tuple[int, ...]
    models: tuple[str, ...] = ("",)
    judge: str = ""
    checks: tuple[str, ...] | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a wish comes to: cells to fill, calls, their likely cost (None: unknown), and who would be asked."""

    cells: int
    calls: int
    cost_usd: Decimal | None
    free: bool
    models: tuple[str, ...]
    judge: str


@dataclass(slots=True)
class Plan:
    """A wish worked out: all that is `asked` by version, model and check, and whether it has an answer already.

    Of these, `cells` are new, `verdicts` have their answer, and `kept` have waited since the turn before.
    """

    key: str
    row: PersonaRow
    wish: Wish
    columns: dict[str, Column]
    judge: Column | None
    checks: dict[str, Check]
    systems: dict[int, str]
    cells: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[UUID] = field(default_factory=list)
    kept: list[UUID] = field(default_factory=list)
    asked: list[tuple[int, str, Check, bool]] = field(default_factory=list)


class Planner:
    """Works out wishes."""

    def __init__(self, database: Database, router: Router, prices: PriceBook, tables: TableSource) -> None:
        self._database = database
        self._router = router
        self._prices = prices
        self._tables = tables

    def planned(self, actor: Actor, key: str, wish: Wish, last: RehearsalRow | None = None) -> Plan:
        """The cells that a wish leaves to be filled; `last` is the run that is gone on with.

        Raises NotFound, BadInput, and what routing raises.
        """
        _check_size(wish)
        mode = self._tables.now().mode("general").description
        with self._database.read() as unit:
            row = changeable(unit, actor, key)
            specs = {number: version_spec(unit, actor, row, number) for number in wish.versions}
            sets = sets_of(unit, row, actor)
            stored = unit.rehearsals.results(row.id)
        wanted = [
            (number, check)
            for number in wish.versions
            for check in sets[number]
            if wish.checks is None or check.key in wish.checks
        ]
        if not wanted:
            raise BadInput(
                "There is nothing to check yet.", field="Checks", hint="Write a limit or a sample, or add a check."
            )
        columns = self._columns(actor, wish)
        if len(wanted) * len(columns) > MOST_CELLS:
            raise BadInput(
                f"That is more than {MOST_CELLS} checks at once.",
                field="Checks",
                hint="Choose fewer versions or models.",
            )
        judged = any(not check.by_rule for _, check in wanted)
        plan = Plan(
            key,
            row,
            wish,
            columns,
            Column(wish.judge, route_for(self._router, actor, SURFACE, wish.judge, structured=True))
            if judged
            else None,
            {check.key: check for _, check in wanted},
            {number: system_text(sections(spec, mode=mode)) for number, spec in specs.items()},
        )
        digests = {number: digest_of(spec) for number, spec in specs.items()}
        self._sort(plan, wanted, digests, {(r.prompt_digest, r.model, r.check_key): r for r in stored}, last)
        return plan

    def estimated(self, plan: Plan) -> Estimate:
        """How many calls a plan makes, and about what they cost."""
        costs = [cost for each in plan.asked for cost in self._costs(plan, *each)]
        asked = [*plan.columns.values(), *([plan.judge] if plan.judge else [])]
        return Estimate(
            cells=len(plan.asked),
            calls=len(costs),
            cost_usd=together(costs),
            free=all(column.route.free for column in asked),
            models=tuple(plan.columns),
            judge=plan.judge.ref if plan.judge else "",
        )

    def _columns(self, actor: Actor, wish: Wish) -> dict[str, Column]:
        """Who would be asked, each model once."""
        columns: dict[str, Column] = {}
        for picked in dict.fromkeys(wish.models):
            column = Column(picked, route_for(self._router, actor, SURFACE, picked))
            columns.setdefault(column.ref, column)
        return columns

    def _sort(
        self,
        plan: Plan,
        wanted: list[tuple[int, Check]],
        digests: dict[int, str],
        stored: dict[tuple[str, str, str], Any],
        last: RehearsalRow | None,
    ) -> None:
        """Lay each cell to those that are to be asked, judged, or left as they are; versions may share one."""
        seen = set()
        for ref in plan.columns:
            for number, check in wanted:
                cell = (digests[number], ref, check.key)
                if cell in seen:
                    continue
                seen.add(cell)
                there = stored.get(cell)
                if there is not None and there.check_digest != check.digest:
                    there = None
                self._lay(plan, number, ref, check, digests[number], there, last)

    def _lay(
        self, plan: Plan, number: int, ref: str, check: Check, digest: str, there: Any, last: RehearsalRow | None
    ) -> None:
        state = there.state if there is not None and not plan.wish.again else "missing"
        if state in ("passed", "failed") or (state == "unjudged" and last is not None):
            return
        plan.asked.append((number, ref, check, state == "unjudged"))
        if state == "unjudged":
            plan.verdicts.append(there.id)
        elif last is not None and state in ("waiting", "asking", "error") and there.rehearsal_id == last.id:
            plan.kept.append(there.id)
        else:
            column = plan.columns[ref]
            plan.cells.append(_cell(plan.row.id, number, column, check, digest, place=len(plan.asked)))

    def _costs(self, plan: Plan, number: int, ref: str, check: Check, answered: bool) -> Iterator[Decimal | None]:
        column = plan.columns[ref]
        if not answered:
            request = LLMRequest((Message("user", check.question),), plan.systems[number])
            yield likely_cost(self._prices, column.route, request, LIKELY_TOKENS)
        if not check.by_rule and plan.judge is not None:
            request = judge_request(check, _LIKELY_ANSWER)
            yield likely_cost(self._prices, plan.judge.route, request, LIKELY_VERDICT_TOKENS)


def _check_size(wish: Wish) -> None:
    if not 1 <= len(wish.versions) <= MOST_VERSIONS:
        raise BadInput(f"Choose 1 to {MOST_VERSIONS} versions.", field="Versions", hint="Nothing was asked.")
    if not 1 <= len(wish.models) <= MOST_MODELS:
        raise BadInput(f"Choose 1 to {MOST_MODELS} models.", field="Models", hint="Nothing was asked.")


def _cell(persona_id: UUID, number: int, column: Column, check: Check, digest: str, *, place: int) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "persona_id": persona_id,
        "place": place,
        "version": number,
        "prompt_digest": digest,
        "model": column.ref,
        "picked": column.picked,
        "check_key": check.key,
        "check_digest": check.digest,
        "state": "waiting",
        "question": check.question,
        "answer": "",
        "judged_by": "",
        "reason": "",
        "cost_nano": None,
    }
