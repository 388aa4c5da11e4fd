"""What people have who try personas: a second version, a rehearsal that was stopped, a comparison."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from uuid_utils.compat import uuid7

from db.models.authoring import Comparison, ComparisonAnswer, Rehearsal
from engine.authoring.comparison.results import Column
from engine.authoring.rehearsal.planning import Wish
from tests.isolation.house import House, Kind, _former_persona, _no_persona, _persona, _spellings

LOCAL = "local:smollm2"
WISH = Wish((1,), (LOCAL,), LOCAL, again=True)
COLUMNS = (Column(LOCAL),)


@dataclass(frozen=True, slots=True)
class Pick:
    """A persona, and the column of a comparison that its owner liked best."""

    key: str
    answer_id: UUID

    def __str__(self) -> str:
        return self.key


def _asked(house: House, owner: str, key: str) -> ComparisonAnswer:
    """A column of the owner's, which is over. Nobody's allowance is asked: only what was said counts."""
    studio, now, words = house.studio, house.clock(), f"words of {owner}"
    about = studio.personas.get(house.maker(owner), key).id
    asked = Comparison(id=uuid7(), person_id=house.id_of(owner), about=about, question=words, created_at=now)
    answer = ComparisonAnswer(
        id=uuid7(), comparison_id=asked.id, place=0, version=1, picked="fast", provider="openai", model="gpt-5.4-mini",
        profile="fast", state="done", text=words, usage={"input": 1}, saved_at=now,
    )  # fmt: skip
    with studio.database.write() as unit:
        unit.comparisons.add(asked, [answer])
    return answer


def _revised(house: House, owner: str) -> str:
    key, maker, drafts = _persona(house, owner), house.maker(owner), house.studio.drafts
    draft_id = drafts.open(maker, key).id
    drafts.save(maker, draft_id, {"voice": f"words of {owner}, revised"})
    return drafts.publish(maker, draft_id)


def _stopped(house: House, owner: str) -> str:
    key, studio, now = _persona(house, owner), house.studio, house.clock()
    row = Rehearsal(
        id=uuid7(), persona_id=studio.personas.get(house.maker(owner), key).id, person_id=house.id_of(owner),
        state="stopped", turn=1, versions=[1], models=[LOCAL], checks=[], judge=LOCAL, total=0, calls=0, cost_nano=0,
        unknown_price=0, started_at=now, saved_at=now,
    )  # fmt: skip
    with studio.database.write() as unit:
        assert unit.rehearsals.begin(row)
    return key


def _compared(house: House, owner: str) -> UUID:
    return _asked(house, owner, _persona(house, owner)).id


def _former_compared(house: House, owner: str) -> UUID:
    row = _asked(house, owner, _persona(house, owner))
    with house.studio.database.write() as unit:
        unit.connection.execute(delete(Comparison).where(Comparison.id == row.comparison_id))
    return row.id


def _picked(house: House, owner: str) -> Pick:
    key = _persona(house, owner)
    return Pick(key, _asked(house, owner, key).id)


def _former_picked(house: House, owner: str) -> Pick:
    picked = _picked(house, owner)
    house.studio.personas.delete(house.maker(owner), picked.key)
    return picked


def _picked_by_others(house: House, owner: str, it: Any) -> list[Any]:
    return [Pick(spelling, it.answer_id) for spelling in _spellings(house, owner, it.key)]


REVISED = Kind(_revised, _former_persona, _no_persona, _spellings)
STOPPED = Kind(_stopped, _former_persona, _no_persona, _spellings)
COMPARED = Kind(_compared, _former_compared)
PICKED = Kind(_picked, _former_picked, lambda: Pick(_no_persona(), uuid7()), _picked_by_others)
