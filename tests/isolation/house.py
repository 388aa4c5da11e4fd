"""A studio with one person of each kind in it, and the things that belong to them.

What a try may use up is made anew when it is next wanted, so that one studio serves all tries.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

from PIL import Image
from sqlalchemy import delete, select
from uuid_utils.compat import uuid7

from db.models import Base
from db.models.attachments import Attachment
from db.models.base import NOBODY
from db.models.conversations import Thread, ThreadMessage
from db.models.people import Person, SecondFactor
from db.models.theatre import Scene, SceneTurn
from engine.accounts.actor import Actor, Role
from engine.accounts.sessions import Visitor, open_session
from engine.conversations.assistant import Sent
from engine.studio import Studio
from tests.engine.conftest import PASSWORD, Clock

WHO = ("nobody", "unverified", "other", "lead", "disabled", "ex_admin", "admin")
KEEPER = "keeper"
"""Who is named where somebody must be: an editor. Nobody in WHO is the keeper."""
EVE = "eve"
"""Whose things are "theirs". Nobody in WHO is Eve."""

OPERATOR = Actor.operator()
ROLES = {"lead": Role.LEAD, "ex_admin": Role.ADMIN, "admin": Role.ADMIN, "keeper": Role.ADMIN}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that is owned: how one is made and done away with, and how it is named by others.

    `former` names one that was there once. `nothing` makes a name that nothing goes by. `others` gives all ways in
    which somebody else may name a thing.
    """

    make: Callable[["House", str], Any]
    former: Callable[["House", str], Any]
    nothing: Callable[[], Any] = uuid7
    others: Callable[["House", str, Any], list[Any]] = lambda house, owner, it: [it]


@dataclass
class House:
    """The studio, its people by their kind, and their things by kind and owner. `hers` is what Eve had at first."""

    studio: Studio
    clock: Clock
    hers: dict[str, list[str]] = field(default_factory=dict)
    _people: dict[str, Actor] = field(default_factory=dict)
    _things: dict[tuple[Callable[..., Any], str], Any] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def number(self) -> int:
        """A number that was not used before."""
        return next(self._numbers)

    def actor(self, who: str) -> Actor | None:
        """The person of a kind, as the engine sees them now."""
        if who == "nobody":
            return None
        maker = self.maker(who)
        return self.studio.people.acting_as(OPERATOR, maker.email)

    def maker(self, who: str) -> Actor:
        """The same person as they were when they could still make things."""
        if who not in self._people:
            self._people[who] = self._arrived(who)
        return self._people[who]

    def id_of(self, who: str) -> UUID:
        """A person's id."""
        found = self.maker(who).person_id
        assert found is not None
        return found

    def renew(self, who: str) -> None:
        """Have another person of that kind from now on."""
        self._people.pop(who, None)
        self._things = {key: it for key, it in self._things.items() if key[1] != who}

    def names(self, kind: Kind, who: str, whose: str) -> list[Any]:
        """The names by which somebody tries a thing: their own, another's, one that was, one that never was."""
        owner = EVE if whose == "theirs" or who == "nobody" else who
        if whose == "random":
            return [kind.nothing()]
        make = kind.former if whose == "deleted" else kind.make
        if (make, owner) not in self._things:
            self._things[make, owner] = make(self, owner)
        it = self._things[make, owner]
        return kind.others(self, owner, it) if whose == "theirs" else [it]

    def used(self, kind: Kind, who: str, whose: str) -> None:
        """Note that a thing may not be what it was."""
        self._things.pop((kind.make, EVE if whose == "theirs" else who), None)

    def everything(self, *, but: tuple[str, ...] = ("throttles",)) -> dict[str, list[str]]:
        """Every row of every table, but for the counts of tries."""
        with self.studio.database.read() as unit:
            return {
                name: sorted(map(str, unit.connection.execute(select(table))))
                for name, table in Base.metadata.tables.items()
                if name not in but
            }

    def things_of(self, who: str) -> dict[str, list[str]]:
        """Every row that names a person, but for their own and the log of acts."""
        mark = repr(self.id_of(who))
        rows = self.everything(but=("throttles", "audit_events", "people"))
        with self.studio.database.read() as unit:
            threads = unit.connection.execute(select(Thread.id).where(Thread.person_id == self.id_of(who))).scalars()
            scenes = unit.connection.execute(select(Scene.id).where(Scene.person_id == self.id_of(who))).scalars()
            marks = [mark, *map(repr, [*threads, *scenes])]
        return {name: [row for row in found if any(mark in row for mark in marks)] for name, found in rows.items()}

    def _arrived(self, who: str) -> Actor:
        people, email = self.studio.people, f"{who}-{self.number()}@example.org"
        role = ROLES.get(who, Role.USER)
        found = people.add(OPERATOR, email=email, name=who, password=PASSWORD, role=role, verified=who != "unverified")
        maker = people.acting_as(OPERATOR, email)
        if who == "disabled":
            people.disable(OPERATOR, found.id)
        if who == "ex_admin":
            people.set_role(OPERATOR, found.id, Role.USER)
        return maker


def _draft(house: House, owner: str) -> UUID:
    maker, drafts = house.maker(owner), house.studio.drafts
    draft_id = drafts.duplicate(maker, "general").id
    name, words = f"{owner} {house.number()}", f"words of {owner}"
    drafts.save(maker, draft_id, {"name": name, "system_prompt": words, "context": words})
    return draft_id


def _persona(house: House, owner: str) -> str:
    return house.studio.drafts.publish(house.maker(owner), _draft(house, owner))


def _shared_persona(house: House, owner: str) -> str:
    """One that the keeper may edit too. Nobody else becomes an editor, so nobody else sees it."""
    key = _persona(house, owner)
    house.studio.personas.add_editor(house.maker(owner), key, house.maker(KEEPER).handle)
    return key


def _edited_draft(house: House, owner: str) -> UUID:
    return house.studio.drafts.open(house.maker(owner), _persona(house, owner)).id


def _former_edited_draft(house: House, owner: str) -> UUID:
    draft_id = _edited_draft(house, owner)
    house.studio.drafts.discard(house.maker(owner), draft_id)
    return draft_id


def _spellings(house: House, owner: str, key: str) -> list[str]:
    """All that somebody who knows a private persona of another might ask for."""
    bare, handle = key.removeprefix("user:"), house.maker(owner).handle
    return [f"team:{handle}/{bare}", f"user:{bare}", f"user:{handle}/{bare}", bare, f"system:{bare}"]


def _former_draft(house: House, owner: str) -> UUID:
    draft_id = _draft(house, owner)
    house.studio.drafts.discard(house.maker(owner), draft_id)
    return draft_id


def _former_persona(house: House, owner: str) -> str:
    key = _persona(house, owner)
    house.studio.personas.delete(house.maker(owner), key)
    return key


def _restored_persona(house: House, owner: str) -> str:
    key = _former_persona(house, owner)
    house.studio.personas.restore(house.maker(owner), key)
    return key


def _session(house: House, owner: str) -> UUID:
    person_id = house.id_of(owner)
    with house.studio.database.write() as unit:
        row = unit.people.by_id(person_id)
        assert row is not None
        return open_session(unit, row, Visitor(address=f"words of {owner}"), house.clock()).session_id


def _former_session(house: House, owner: str) -> UUID:
    session_id = _session(house, owner)
    house.studio.access.sign_out(session_id)
    return session_id


def _own_key(house: House, owner: str) -> UUID:
    return _saved_key(house, house.maker(owner), "openai")


def _former_own_key(house: House, owner: str) -> UUID:
    key_id = _saved_key(house, house.maker(owner), "groq")
    house.studio.keys.remove(house.maker(owner), "groq")
    return key_id


def _house_key(house: House, owner: str) -> UUID:
    return _key_id(house, NOBODY, "openai") or _saved_key(house, OPERATOR, "openai")


def _former_house_key(house: House, owner: str) -> UUID:
    key_id = _saved_key(house, OPERATOR, "groq")
    house.studio.keys.remove(OPERATOR, "groq", house=True)
    return key_id


def _saved_key(house: House, keeper: Actor, provider: str) -> UUID:
    house.studio.keys.save(keeper, provider, f"sk-words-of-{keeper.name}-0000", house=keeper.is_operator)
    key_id = _key_id(house, keeper.person_id or NOBODY, provider)
    assert key_id is not None
    return key_id


def _key_id(house: House, keeper: UUID, provider: str) -> UUID | None:
    with house.studio.database.read() as unit:
        row = unit.keys.one(keeper, provider)
    return row and row.id


def _somebody(house: House, owner: str) -> UUID:
    """Oneself, and for Eve somebody new: whom others reach is not Eve herself, whose things must stay as they are."""
    if owner != EVE:
        return house.id_of(owner)
    name = f"somebody-{house.number()}"
    return house.studio.people.add(OPERATOR, email=f"{name}@example.org", name=name).id


def _former_person(house: House, owner: str) -> UUID:
    person_id = _somebody(house, EVE)
    with house.studio.database.write() as unit:
        unit.connection.execute(delete(Person).where(Person.id == person_id))
    return person_id


def _address(house: House, owner: str) -> str:
    return house.studio.people.one(OPERATOR, _somebody(house, owner)).email


def _former_address(house: House, owner: str) -> str:
    address = _address(house, EVE)
    with house.studio.database.write() as unit:
        unit.connection.execute(delete(Person).where(Person.email == address))
    return address


def _department(house: House, owner: str) -> UUID:
    found = house.studio.departments.add(OPERATOR, f"Department {house.number()}").id
    house.studio.people.set_department(OPERATOR, house.id_of(owner), found)
    return found


def _former_department(house: House, owner: str) -> UUID:
    found = house.studio.departments.add(OPERATOR, f"Department {house.number()}").id
    house.studio.departments.remove(OPERATOR, found)
    return found


def _stop(house: House, owner: str) -> UUID:
    return house.studio.controls.stop(OPERATOR, "provider", "groq", reason=f"A try of {owner}.")


def _former_stop(house: House, owner: str) -> UUID:
    stop_id = _stop(house, owner)
    house.studio.controls.lift(OPERATOR, stop_id)
    return stop_id


def _guarded(house: House, owner: str) -> UUID:
    person_id: UUID = _somebody(house, owner)
    with house.studio.database.write() as unit:
        unit.second_factors.put(
            SecondFactor(person_id=person_id, sealed="", last_step=0, recovery=[], confirmed_at=None)
        )
    return person_id


def _thread(house: House, owner: str) -> UUID:
    return _asked(house, owner).thread_id


def _answer(house: House, owner: str) -> UUID:
    return _asked(house, owner).answer_id


def _asked(house: House, owner: str) -> Sent:
    """A thread with a question and its answer, which is over. Nobody's allowance is asked: only the talk counts."""
    maker, studio = house.maker(owner), house.studio
    person_id, now = house.id_of(owner), house.clock()
    thread, question, answer = uuid7(), uuid7(), uuid7()
    said = {"thread_id": thread, "persona_key": "general", "persona_name": "", "mode": "general", "model": ""}
    said |= {"surface": "cli", "state": "done", "text": f"words of {maker.name}", "created_at": now, "saved_at": now}
    with studio.database.write() as unit:
        title = f"words of {maker.name}"
        unit.conversations.add(Thread(id=thread, person_id=person_id, title=title, created_at=now, updated_at=now))
        unit.conversations.say(
            ThreadMessage(id=question, role="user", **said),
            ThreadMessage(id=answer, role="assistant", reply_to=question, **said),
        )
    return Sent(thread, question, answer)


def _former_thread(house: House, owner: str) -> UUID:
    return _deleted(house, _asked(house, owner)).thread_id


def _former_answer(house: House, owner: str) -> UUID:
    return _deleted(house, _asked(house, owner)).answer_id


def _deleted(house: House, sent: Sent) -> Sent:
    with house.studio.database.write() as unit:
        unit.connection.execute(delete(Thread).where(Thread.id == sent.thread_id))
    return sent


def _thread_in_bin(house: House, owner: str) -> UUID:
    found = _thread(house, owner)
    house.studio.threads.delete(house.maker(owner), found)
    return found


def a_picture(house: House) -> bytes:
    """A picture that nobody has brought before."""
    written = io.BytesIO()
    Image.new("RGB", (8, 8), house.number()).save(written, "PNG")
    return written.getvalue()


def _picture(house: House, owner: str) -> str:
    return house.studio.pictures.save(house.maker(owner), a_picture(house))


def _former_picture(house: House, owner: str) -> str:
    name = _picture(house, owner)
    with house.studio.database.write() as unit:
        unit.connection.execute(delete(Attachment).where(Attachment.sha256 == name.partition(":")[2]))
    return name


def _scene(house: House, owner: str) -> UUID:
    """A scene with a turn of the host and one of a member, which is over."""
    found, words = _staged(house, owner, f"words of {owner}"), f"words of {owner}"
    with house.studio.database.write() as unit:
        said = {"scene_id": found, "text": words, "created_at": house.clock(), "saved_at": house.clock()}
        unit.scenes.next_number(found, house.clock(), numbers=2)
        unit.scenes.say(SceneTurn(number=0, name="Host", **said), SceneTurn(number=1, name=owner, speaker="x", **said))
    return found


def _staged(house: House, owner: str, title: str) -> UUID:
    scene = {"title": title, "cast": [{"persona": "writer"}], "stop": {"turns": 1}}
    return house.studio.scenes.create(house.maker(owner), scene)


def _shared_scene(house: House, owner: str) -> UUID:
    """One that everybody may read; what others reach is not Eve's, but the keeper's."""
    owner = KEEPER if owner == EVE else owner
    found = _staged(house, owner, "A scene for all")
    house.studio.scenes.share(house.maker(owner), found, shared=True)
    return found


def _scene_in_bin(house: House, owner: str) -> UUID:
    found = _scene(house, owner)
    house.studio.scenes.delete(house.maker(owner), found)
    return found


def _former_scene(house: House, owner: str) -> UUID:
    found = _scene(house, owner)
    house.studio.scenes.delete(house.maker(owner), found, for_good=True)
    return found


def _no_picture() -> str:
    return f"picture:{'0' * 64}"


def _no_persona() -> str:
    return "user:nobody-goes-by-this"


PICTURE = Kind(_picture, _former_picture, _no_picture)
DRAFT = Kind(_draft, _former_draft)
PERSONA = Kind(_persona, _former_persona, _no_persona, _spellings)
SHARED_PERSONA = Kind(_shared_persona, _former_persona, _no_persona, _spellings)
EDITED_DRAFT = Kind(_edited_draft, _former_edited_draft)
DELETED_PERSONA = Kind(_former_persona, _restored_persona, _no_persona, _spellings)
SESSION = Kind(_session, _former_session)
OWN_KEY = Kind(_own_key, _former_own_key)
HOUSE_KEY = Kind(_house_key, _former_house_key)
PERSON = Kind(_somebody, _former_person)
GUARDED_PERSON = Kind(_guarded, _former_person)
ADDRESS = Kind(_address, _former_address, lambda: "nobody-has-this@example.org")
DEPARTMENT = Kind(_department, _former_department)
STOP = Kind(_stop, _former_stop)
THREAD = Kind(_thread, _thread_in_bin)
DELETED_THREAD = Kind(_thread_in_bin, _former_thread)
ANSWER = Kind(_answer, _former_answer)
SCENE = Kind(_scene, _scene_in_bin)
SHARED_SCENE = Kind(_shared_scene, _former_scene)
DELETED_SCENE = Kind(_scene_in_bin, _former_scene)
