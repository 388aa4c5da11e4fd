"""The stage: playing a scene, following it, and speaking up in it.

A scene is played by a run, turn after turn, in the process in which somebody pressed Play; pages only follow. It plays
on for as long as somebody watches: the page says so while it is open, and a while after it was closed the play pauses
behind the turn that was being said. What is said by then is kept, and Play goes on from there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from db.models.theatre import Scene as SceneRow
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.conversations.ask import clean_question
from engine.errors import BadInput
from engine.theatre.backstage import Backstage, play_of, words_of
from engine.theatre.choosing import tagged_in
from engine.theatre.estimate import Estimate, estimate
from engine.theatre.player import Player
from engine.theatre.rows import (
    has_player,
    host_row,
    own,
    own_locked,
    readable,
    said_as_row,
    spent_nano,
    turn_of,
)
from engine.theatre.scene import HOST, MOST_TURNS, Scene, SceneSpec, Turn
from engine.theatre.stopping import MANUAL
from engine.usage.prices import NANO, PriceBook

SEEN_AGAIN_AFTER = timedelta(seconds=4)
SHOWN = 80
LONGEST_LINE = 4_000


@dataclass(frozen=True, slots=True)
class Share:
    """What a member has done so far: turns, the share of all that the cast has said, money and time."""

    turns: int
    words: float
    cost_usd: Decimal
    seconds: float


@dataclass(frozen=True, slots=True)
class Performance:
    """A scene as it stands now: its newest turns in their order, and how far it is. `shares` is by member id."""

    scene: Scene
    turns: list[Turn]
    played: int
    spent_usd: Decimal
    seconds: float
    shares: dict[str, Share]
    next_number: int

    @property
    def speaking(self) -> Turn | None:
        """The turn that is being said."""
        return next((turn for turn in self.turns if turn.state == "writing"), None)


class Theatre:
    """Plays scenes of the actor's own. What a colleague shares can be watched."""

    def __init__(self, back: Backstage, prices: PriceBook) -> None:
        self._back = back
        self._prices = prices

    @needs(Right.USE)
    def watch(self, actor: Actor, scene_id: UUID, *, most: int = SHOWN) -> Performance:
        """The scene as it stands now. That its owner looks keeps a play going. Raises NotFound."""
        now = self._back.clock()
        with self._back.database.read() as unit:
            row, scene = readable(unit, actor, scene_id, now)
            found = self._performance(unit, row, scene, now, most)
        if scene.mine and row.watched_at is not None and now - row.watched_at >= SEEN_AGAIN_AFTER:
            with self._back.database.write() as unit:
                unit.scenes.change(scene_id, watched_at=now)
        return found

    @needs(Right.USE)
    def estimate(self, actor: Actor, scene_id: UUID) -> Estimate:
        """What playing the scene to its end may cost. Raises NotFound."""
        with self._back.database.read() as unit:
            spec = readable(unit, actor, scene_id, self._back.clock())[1].spec
        return estimate(actor, spec, self._back, self._prices)

    @needs(Right.USE)
    def play(self, actor: Actor, scene_id: UUID, *, watched: bool = True) -> None:
        """Play on until something ends it or nobody watches, which `watched=False` does not ask for.

        A scene that is being played stays as it is. Raises BadInput for an empty stage, NotFound.
        """
        self._begin(actor, scene_id, steps=None, watched=watched)

    @needs(Right.USE)
    def step(self, actor: Actor, scene_id: UUID, *, seen: int | None = None) -> None:
        """Play one turn. With `seen`, the next number that one saw, nothing happens when somebody was faster."""
        self._begin(actor, scene_id, steps=1, seen=seen)

    @needs(Right.USE)
    def pause(self, actor: Actor, scene_id: UUID) -> None:
        """Stand still behind the turn that is being said. Raises NotFound."""
        with self._back.database.write() as unit:
            row = own_locked(unit, actor, scene_id)
            if row.state == "playing":
                unit.scenes.change(row.id, state="paused", said=None, steps=None)

    @needs(Right.USE)
    def stop(self, actor: Actor, scene_id: UUID) -> None:
        """End the scene at once, in whichever process it plays: the turn that is being said breaks off; words stay."""
        now = self._back.clock()
        with self._back.database.write() as unit:
            row = own_locked(unit, actor, scene_id)
            writing = [turn.id for turn in unit.scenes.writing(row.id)]
            ended = {"state": "ended", "said": said_as_row(MANUAL), "player": None, "steps": None, "updated_at": now}
            unit.scenes.change(row.id, **ended)
            for turn_id in writing:
                run = self._back.runs.get(words_of(turn_id))
                came = {} if run is None else {"text": run.text}
                unit.scenes.keep(turn_id, state="stopped", **came)
        for turn_id in writing:
            self._back.runs.stop(words_of(turn_id))
        self._back.runs.stop(play_of(scene_id))

    @needs(Right.USE)
    def play_more(self, actor: Actor, scene_id: UUID, *, turns: int = 5) -> None:
        """Allow so many turns more than have been played, and play them. Raises BadInput, NotFound."""
        with self._back.database.write() as unit:
            row = own_locked(unit, actor, scene_id)
            spec = SceneSpec.model_validate(row.spec)
            played = sum(each.turns for each in unit.scenes.tally(row.id) if each.speaker != HOST)
            if not 0 < turns <= MOST_TURNS - played:
                raise BadInput(
                    f"A scene has at most {MOST_TURNS} turns.", field="Turns", hint="Fork it to go on from here."
                )
            stop = spec.stop.model_copy(update={"turns": played + turns})
            unit.scenes.change(row.id, spec=spec.model_copy(update={"stop": stop}).model_dump(mode="json"))
        self._begin(actor, scene_id, steps=None)

    @needs(Right.USE)
    def say(self, actor: Actor, scene_id: UUID, text: str, *, to: str = "") -> None:
        """Say something as the host, to a member when `to` is one's id or the text has `@Name`.

        Whoever plays hears it before the next turn; in a scene that stands still somebody answers, with one turn. In a
        scene without a strategy, that is whoever was spoken to. Raises BadInput, NotFound.
        """
        said = clean_question(text)
        if len(said) > LONGEST_LINE:
            raise BadInput(f"A line has at most {LONGEST_LINE:,} characters.", field="Line", hint="Shorten it.")
        now = self._back.clock()
        with self._back.database.write() as unit:
            row = own_locked(unit, actor, scene_id)
            spec = SceneSpec.model_validate(row.spec)
            to = to or tagged_in(said, spec.cast)
            self._check_member(spec, to)
            self._open(unit, row, spec, now)
            number = unit.scenes.next_number(row.id, now)
            unit.scenes.say(host_row(row.id, number, said, now, addressed=to))
            waiting = row.state != "playing" or not has_player(row, now)
        nobody_is_asked = spec.strategy == "manual" and not to and not row.forced
        if waiting and spec.cast and not nobody_is_asked:
            self._begin(actor, scene_id, steps=1)

    @needs(Right.USE)
    def call_on(self, actor: Actor, scene_id: UUID, member_id: str) -> None:
        """Have a member speak next, whatever strategy and mute say; empty lets the scene decide. Raises NotFound."""
        with self._back.database.write() as unit:
            row = own_locked(unit, actor, scene_id)
            self._check_member(SceneSpec.model_validate(row.spec), member_id)
            unit.scenes.change(row.id, forced=member_id)

    @needs(Right.USE)
    def follow(self, actor: Actor, scene_id: UUID) -> Iterator[Turn]:
        """The turns of the cast as they end, until the play in this process is over. Raises NotFound."""
        with self._back.database.read() as unit:
            own(unit, actor, scene_id)
        run = self._back.runs.get(play_of(scene_id))
        return self._followed(scene_id, iter(()) if run is None else run.follow())

    def _followed(self, scene_id: UUID, ticks: Iterator[str]) -> Iterator[Turn]:
        seen = -1
        while True:
            over = next(ticks, None) is None
            with self._back.database.read() as unit:
                rows = unit.scenes.turns(scene_id)
            for row in rows:
                if row.number > seen and row.state != "writing":
                    seen = row.number
                    if row.speaker != HOST:
                        yield turn_of(row, self._back.clock())
            if over:
                return

    def _begin(
        self, actor: Actor, scene_id: UUID, *, steps: int | None, seen: int | None = None, watched: bool = True
    ) -> None:
        """Become the player of a scene, or tell its player to go on."""
        now, player = self._back.clock(), Player(self._back, actor, scene_id)
        with self._back.database.write() as unit:
            row = own_locked(unit, actor, scene_id)
            spec = SceneSpec.model_validate(row.spec)
            if not spec.cast:
                raise BadInput("The stage is empty.", field="Cast", hint="Choose a cast.")
            if seen is not None and row.next_number != seen:
                return
            alive = has_player(row, now)
            if alive and row.state == "playing" and steps is not None:
                return
            self._open(unit, row, spec, now)
            playing = {"state": "playing", "said": None, "steps": steps, "watched_at": now if watched else None}
            since = {"since": row.next_number} if row.state == "ended" else {}
            takes = {} if alive else {"player": player.id, "beat_at": now}
            unit.scenes.change(row.id, updated_at=now, **playing, **since, **takes)
            if alive:
                return
        self._back.runs.start(play_of(scene_id), player, keep=player.keep())

    def _open(self, unit: Unit, row: SceneRow, spec: SceneSpec, now: datetime) -> None:
        """Say the opening before anything else."""
        if row.next_number == 0 and spec.opening:
            number = unit.scenes.next_number(row.id, now)
            unit.scenes.say(host_row(row.id, number, spec.opening, now, addressed=tagged_in(spec.opening, spec.cast)))

    def _check_member(self, spec: SceneSpec, member_id: str) -> None:
        if member_id and spec.member(member_id) is None:
            raise BadInput("They are not in the cast.", field="Member", hint="Choose somebody who is.")

    def _performance(self, unit: Unit, row: SceneRow, scene: Scene, now: datetime, most: int) -> Performance:
        rows = unit.scenes.turns(row.id, most=most)
        turns = [self._with_words(turn_of(turn, now, mine=scene.mine)) for turn in rows]
        cast = [each for each in unit.scenes.tally(row.id) if each.speaker != HOST]
        characters = sum(each.characters for each in cast) or 1
        shares = {
            each.speaker: Share(
                each.turns, each.characters / characters, Decimal(each.cost_nano) / NANO, each.took_ms / 1000
            )
            for each in cast
        }
        writing = [turn for turn in turns if turn.state == "writing" and turn.created_at]
        in_flight = sum((now - turn.created_at).total_seconds() for turn in writing if turn.created_at)
        return Performance(
            scene=scene,
            turns=turns,
            played=sum(each.turns for each in cast),
            spent_usd=Decimal(spent_nano(unit, row.id)) / NANO,
            seconds=sum(each.took_ms for each in cast) / 1000 + in_flight,
            shares=shares,
            next_number=row.next_number,
        )

    def _with_words(self, turn: Turn) -> Turn:
        """The turn with the words that came since it was last saved, when they are written in this process."""
        run = self._back.runs.get(words_of(turn.id)) if turn.state == "writing" and turn.id else None
        return turn if run is None or len(run.text) <= len(turn.text) else replace(turn, text=run.text)
