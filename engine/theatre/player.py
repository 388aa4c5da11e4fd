"""Plays a scene: turn after turn, in the thread of a run, in whichever process somebody pressed Play.

The order of a turn: look at the scene, ask whether it ends or pauses here, choose who speaks, claim the turn by the
number that was seen, speak. What a person does meanwhile shows at the next look; it is never undone from here, because
each change names the player and the state that it was made in.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.theatre import Scene as SceneRow
from db.models.theatre import SceneTurn
from engine.accounts.actor import Actor, Standing
from engine.accounts.people import actor_of
from engine.errors import DatabaseError, LimitExceeded, NotFound, Stopped, StudioError
from engine.generation import CallContext, Receipt
from engine.llm import CallControl, LLMRequest
from engine.runs import Keep, RunWriter, State
from engine.theatre import stopping
from engine.theatre.backstage import SURFACE, Backstage
from engine.theatre.choosing import Choice, Situation, allowed, commanded, why_nobody
from engine.theatre.prompt import mark_of
from engine.theatre.rows import said_as_row, spent_nano, turn_of
from engine.theatre.scene import Member, Said, SceneSpec, Turn
from engine.theatre.speaking import Speaking, nano_of
from engine.theatre.turn_taking import STRATEGIES

WATCH_FOR = timedelta(seconds=20)
"""A play pauses when nobody has looked for so long."""
BRAKES = ("calls", "concurrent")
BRAKE_PAUSE_S = 2.0
AWAY_PAUSE_S, MOST_AWAY = 1.0, 60

UNWATCHED = Said("unwatched", "Nobody was watching.", "Press Play to go on.")
YOUR_TURN = Said("your_turn", "It is your turn.", "Choose who speaks next, or say something.")
CLOSED = Said("cut", "The studio was restarted during the play.", "What was said is kept; press Play to go on.")


@dataclass(frozen=True, slots=True)
class Look:
    """A scene at one moment."""

    row: SceneRow
    spec: SceneSpec
    turns: list[Turn]
    spent_nano: int


@dataclass(slots=True)
class Player:
    """The work of playing one scene for its owner, who is looked up afresh before each turn."""

    back: Backstage
    actor: Actor
    scene_id: UUID
    id: UUID = field(default_factory=uuid7)
    _control: CallControl = field(default_factory=lambda: CallControl(0))
    _heard: list[Turn] = field(default_factory=list)
    _picked: tuple[tuple[int, str], Choice] | None = None
    _pick_receipts: list[Receipt] = field(default_factory=list)

    def __call__(self, writer: RunWriter) -> None:
        """Play until the scene stands still."""
        self._control = writer.control
        away = 0
        while not self._control.stopped:
            try:
                if not self._goes_on():
                    return
                away = 0
            except DatabaseError:
                away += 1
                if away > MOST_AWAY:
                    raise
                self._control.pause(AWAY_PAUSE_S)

    def keep(self) -> Keep:
        """Says every second that the scene is being played; at the end nobody plays it, however that came."""

        def beat(text: str, state: State) -> bool:
            now = self.back.clock()
            with self.back.database.write() as unit:
                if state == "writing":
                    return unit.scenes.beat(self.scene_id, self.id, now)
                if not unit.scenes.halt(self.scene_id, self.id, "paused", said_as_row(CLOSED), now):
                    unit.scenes.leave(self.scene_id, self.id)
                return True

        return beat

    def _goes_on(self) -> bool:
        """Play one turn, or find out why not; whether the play goes on."""
        look = self._look()
        if look is None:
            return False
        if look.row.state != "playing":
            return not self._left()
        if standstill := self._standstill(look):
            return self._halt(*standstill)
        try:
            choice = self._choice(look)
            if isinstance(choice, Said):
                return self._halt("paused", choice)
            speaking = self._claimed(look, choice)
        except StudioError as problem:
            return self._refused(problem)
        if speaking is None:
            return True  # somebody has spoken meanwhile
        speaking.begin()
        speaking.over.wait()
        if not speaking.withdrawn:
            self._picked, self._pick_receipts = None, []
        return True if speaking.problem is None else self._refused(speaking.problem)

    def _look(self) -> Look | None:
        """The scene as it is now; None when there is nothing to play for this player any more."""
        now = self.back.clock()
        with self.back.database.write() as unit:
            row = unit.scenes.by_id(self.scene_id)
            if row is None or row.player != self.id:
                return None
            unit.scenes.cut(row.id)  # this player writes nothing now: whoever began that is gone
            if self.actor.person_id is not None:
                person = unit.people.by_id(self.actor.person_id)
                if person is None:
                    return None
                self.actor = actor_of(person)
            # What was said does not change any more, so only what is new has to be read.
            new = unit.scenes.turns(row.id, after=self._heard[-1].number if self._heard else -1)
            spent = spent_nano(unit, row.id)
        self._heard += [turn_of(turn, now) for turn in new if turn.text or turn.state == "done"]
        return Look(row, SceneSpec.model_validate(row.spec), list(self._heard), spent)

    def _standstill(self, look: Look) -> tuple[str, Said | None] | None:
        """Whether the scene ends or pauses here, and why."""
        row = look.row
        if self.actor.standing is Standing.BLOCKED:
            return "paused", Said("forbidden", "This account may not use the studio any more.")
        standing = stopping.Standing(look.spec, look.turns, row.since, look.spent_nano)
        if ended := stopping.met(standing):
            return "ended", ended
        if row.steps is not None and row.steps <= 0:
            return "paused", None
        if row.watched_at is not None and self.back.clock() - row.watched_at > WATCH_FOR:
            return "paused", UNWATCHED
        return None

    def _choice(self, look: Look) -> Choice | Said:
        """Who speaks next, or why nobody does. A director is asked only once for the same place."""
        row, spec, turns = look.row, look.spec, look.turns
        told = commanded(spec, turns, row.forced)
        if told is not None:
            return told
        may = allowed(spec, turns)
        if not may:
            return Said("nobody", *why_nobody(spec, turns))
        place = (turns[-1].number if turns else -1, spec.strategy)
        if self._picked and self._picked[0] == place and self._picked[1].member in {member.id for member in may}:
            return self._picked[1]
        nudged = row.steps is not None
        situation = Situation(spec, turns, may, nudged, mark_of(self.scene_id), lambda asked: self._ask(spec, asked))
        choice = STRATEGIES[spec.strategy].choose(situation)
        self._picked = None if choice is None else (place, choice)
        return choice or YOUR_TURN

    def _ask(self, spec: SceneSpec, request: LLMRequest) -> str:
        """The director's answer: a call of its own, paid by the scene."""
        control = CallControl(self.back.deadline_s)
        self._control.on_stop(control.stop)
        context = CallContext(
            SURFACE, model=spec.director_model, scene_id=str(self.scene_id), scene_cap_nano=spec.stop.cap_nano
        )
        answer = self.back.generation.generate(
            self.actor, request, context, control=control, settled=self._pick_receipts.append
        )
        return answer.text

    def _claimed(self, look: Look, choice: Choice) -> Speaking | None:
        """The turn, put on stage; None when the scene is not as it was seen. Raises NotFound for a lost persona."""
        member = look.spec.member(choice.member)
        if member is None:
            return None
        try:
            persona = self.back.personas.get(self.actor, member.persona)
        except NotFound:
            raise NotFound(f"{member.name} is not there any more.", hint="Remove them from the cast.") from None
        turn = self._row(look, choice, member, persona.version)
        with self.back.database.write() as unit:
            if not unit.scenes.claim(self.id, turn):
                return None
        forced = choice.member if look.row.forced == choice.member else ""
        return Speaking(
            self.back, self.actor, self.scene_id, self.id, turn.id, look.spec, look.turns, member, persona, forced
        )

    def _row(self, look: Look, choice: Choice, member: Member, version: int) -> SceneTurn:
        now = self.back.clock()
        return SceneTurn(
            id=uuid7(),
            scene_id=self.scene_id,
            number=look.row.next_number,
            speaker=member.id,
            name=member.name,
            accent=member.accent,
            avatar=member.avatar,
            persona_key=member.persona,
            persona_version=version,
            state="writing",
            strategy=look.spec.strategy,
            reason=choice.reason,
            queue=[list(each) for each in choice.queue],
            pick_nano=nano_of(self._pick_receipts) if self._pick_receipts else None,
            created_at=now,
            saved_at=now,
        )

    def _refused(self, problem: StudioError) -> bool:
        """What a problem comes to: the end of the budget, a pause, or no more than waiting."""
        if isinstance(problem, Stopped):
            return True  # by Stop, which has ended the scene, or by an administrator, who will be met at the next call
        if isinstance(problem, LimitExceeded) and problem.scope == "scene":
            return self._halt("ended", Said(stopping.BUDGET, problem.message))
        said = Said(problem.code, problem.message, problem.hint)
        if isinstance(problem, LimitExceeded) and problem.meter in BRAKES:
            with self.back.database.write() as unit:
                unit.scenes.note(self.scene_id, self.id, {"by": "waiting", "message": said.message, "hint": ""})
            self._control.pause(BRAKE_PAUSE_S)
            return True
        return self._halt("paused", said)

    def _halt(self, state: str, said: Said | None) -> bool:
        """Stand still; whether the play goes on all the same, because a person was faster."""
        with self.back.database.write() as unit:
            return not unit.scenes.halt(self.scene_id, self.id, state, said_as_row(said), self.back.clock())

    def _left(self) -> bool:
        with self.back.database.write() as unit:
            return unit.scenes.leave(self.scene_id, self.id)
