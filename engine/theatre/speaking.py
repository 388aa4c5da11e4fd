"""One turn, from the prompt to the receipt. Its row is there before the call, and tells afterwards what came of it."""

import threading
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from engine.accounts.actor import Actor
from engine.errors import Stopped, StudioError
from engine.generation import CallContext, Receipt
from engine.llm import CallControl, LLMRequest, StreamEvent, estimate_tokens
from engine.personas.catalogue import Persona
from engine.retry import while_database_is_away
from engine.routing.model_facts import facts_of
from engine.runs import Keep, RunWriter, State, storable
from engine.theatre.backstage import SURFACE, Backstage, words_of
from engine.theatre.delivery import Delivery
from engine.theatre.prompt import mark_of, messages_for, system_of
from engine.theatre.scene import Member, SceneSpec, Turn
from engine.usage.prices import NANO

HISTORY_TOKENS = 12_000
HISTORY_OF_FREE_TOKENS = 900
"""A free model reads slowly: it is given the last few lines only."""
DATABASE_PATIENCE_S = 30.0


@dataclass(slots=True)
class Speaking:
    """The work of one turn that is claimed. Once `over` is set, `problem` says what was in the way, if anything.

    A turn in which nothing was said because of a problem is withdrawn: its place is free again, and so is the wish that
    somebody be `forced` to speak.
    """

    back: Backstage
    actor: Actor
    scene_id: UUID
    player: UUID
    turn_id: UUID
    spec: SceneSpec
    turns: list[Turn]
    member: Member
    persona: Persona
    forced: str
    problem: StudioError | None = None
    withdrawn: bool = False
    over: threading.Event = field(default_factory=threading.Event)
    _receipts: list[Receipt] = field(default_factory=list)
    _said: list[str] = field(default_factory=list)
    _control: CallControl | None = None
    _model: str = ""

    def begin(self) -> None:
        """Start it in a thread of its own, where readers find it by its turn."""
        self.back.runs.start(words_of(self.turn_id), self, keep=self._keep())

    def __call__(self, writer: RunWriter) -> None:
        """Speak, and write down what came of it."""
        began, self._control = self.back.clock(), writer.control
        try:
            self._speak(writer)
        except StudioError as problem:
            self.problem = problem
        except Exception:
            self.problem = StudioError("Something went wrong on our side.", hint="The log has the details.")
            raise
        finally:
            try:
                took = self.back.clock() - began
                while_database_is_away(DATABASE_PATIENCE_S)(self._write_down, round(took.total_seconds() * 1000))
            finally:
                self.over.set()

    def _speak(self, writer: RunWriter) -> None:
        others = [other.name for other in self.spec.cast if other.id != self.member.id]
        delivery = Delivery(self.member.name, others, mark_of(self.scene_id))

        def hear(event: StreamEvent) -> None:
            if event.kind == "text":
                self._say(writer, delivery.add(event.text))
                if delivery.over:
                    writer.control.stop()

        context = CallContext(
            SURFACE,
            model=self.member.model,
            persona_key=self.persona.key,
            persona_version=self.persona.version,
            idempotency_key=str(self.turn_id),
            scene_id=str(self.scene_id),
            scene_cap_nano=self.spec.stop.cap_nano,
            preferred_profile=self.persona.spec.preferred_profile,
        )
        try:
            self.back.generation.generate(
                self.actor, self._request(), context,
                listener=hear, control=writer.control, settled=self._receipts.append,
            )  # fmt: skip
        except Stopped:
            if not delivery.over:
                raise
        self._say(writer, delivery.finish())

    def _say(self, writer: RunWriter, text: str) -> None:
        if text:
            self._said.append(storable(text))
            writer.add(text)

    def _request(self) -> LLMRequest:
        mark, most = mark_of(self.scene_id), self.spec.turn_tokens
        system = system_of(self.member, self.persona.spec, self.spec, mark)
        preferred = self.persona.spec.preferred_profile
        route = self.back.router.resolve(
            self.actor, surface=SURFACE, model=self.member.model, preferred_profile=preferred
        ).route
        self._model = route.model
        window = facts_of(route.provider, route.model).context or HISTORY_TOKENS
        room = min(HISTORY_OF_FREE_TOKENS if route.free else HISTORY_TOKENS, window - estimate_tokens(system) - most)
        return LLMRequest(messages_for(self.member, self.turns, mark, room), system, max_output_tokens=most)

    def _write_down(self, took_ms: int) -> None:
        text, now = "".join(self._said), self.back.clock()
        self.withdrawn = self.problem is not None and not text
        ended = "stopped" if isinstance(self.problem, Stopped) else "failed" if self.problem else "done"
        with self.back.database.write() as unit:
            if self.withdrawn:
                unit.scenes.withdraw(self.scene_id, self.turn_id, forced=self.forced)
                return
            unit.scenes.count_step(self.scene_id, self.player, now)
            unit.scenes.keep(self.turn_id, state=ended)
            unit.scenes.describe(self.turn_id, text=text, took_ms=took_ms, saved_at=now, **self._facts())

    def _facts(self) -> dict[str, Any]:
        """The receipt: a call that went on at another provider has more than one, and their sum was paid."""
        problem = self.problem
        said = None if problem is None else {"code": problem.code, "message": problem.message, "hint": problem.hint}
        if not self._receipts:
            return {"error": said}
        *earlier, last = self._receipts
        return {
            "error": said,
            "model": last.route.model,
            "route": asdict(last.route),
            "usage": sum((each.usage for each in earlier), last.usage).as_dict(),
            "cost_nano": nano_of(self._receipts),
            "first_token_ms": last.first_token_ms,
        }

    def _keep(self) -> Keep:
        def keep(text: str, state: State) -> bool:
            if state != "writing":
                return True  # what came of it is written down with its receipt
            with self.back.database.write() as unit:
                kept = unit.scenes.keep(self.turn_id, text=text, model=self._model, saved_at=self.back.clock())
            if not kept and self._control is not None:
                self._control.stop()  # from another process, perhaps before the first save
            return kept

        return keep


def nano_of(receipts: list[Receipt]) -> int | None:
    """What calls cost together; None when nobody knows the price of one."""
    costs = [receipt.cost_usd for receipt in receipts]
    known = [cost for cost in costs if cost is not None]
    return None if len(known) < len(costs) else int((sum(known, Decimal()) * NANO).to_integral_value())
