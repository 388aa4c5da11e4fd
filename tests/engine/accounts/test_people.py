"""What administrators do with people, and that an administrator is always left."""

from collections.abc import Callable
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from engine.accounts.actor import Actor, Role, Standing
from engine.accounts.people import Person
from engine.accounts.sessions import Visitor, open_session
from engine.errors import BadInput, Forbidden, NotFound
from engine.studio import Studio
from tests.db.races import race
from tests.engine.conftest import Clock, person

OPERATOR = Actor.operator()
ROUNDS = 12


def signed_in(studio: Studio, who: Actor, clock: Clock) -> UUID:
    """A fresh session of a person, without the password that would take its time."""
    with studio.database.write() as unit:
        row = unit.people.by_id(id_of(who))
        assert row is not None
        return open_session(unit, row, Visitor(), clock()).session_id


def id_of(who: Actor) -> UUID:
    assert who.person_id is not None
    return who.person_id


def acts(studio: Studio) -> list[str]:
    """The names of the acts so far, oldest first, without the arrivals."""
    return [act.action for act in reversed(studio.audit.page(OPERATOR)) if act.action != "person.add"]


def names(people: list[Person]) -> list[str]:
    return [found.name for found in people]


def test_words_are_found_in_name_address_and_handle_whatever_their_case(studio: Studio) -> None:
    for name, email in (("Ada Byron", "count@example.org"), ("Grace Hopper", "ADA@navy.example"), ("Zoë Ng", "z@x.io")):
        studio.people.add(OPERATOR, email=email, name=name)
    assert names(studio.people.search(OPERATOR, "ADA").people) == ["Ada Byron", "Grace Hopper"]
    assert names(studio.people.search(OPERATOR, " hop  navy ").people) == ["Grace Hopper"]
    assert names(studio.people.search(OPERATOR, "zoe-ng").people) == ["Zoë Ng"]
    assert names(studio.people.search(OPERATOR, "ZOË").people) == ["Zoë Ng"]
    for nothing in ("%", "_", "\\", "'; drop table people; --"):
        assert studio.people.search(OPERATOR, nothing).total == 0
    assert studio.people.search(OPERATOR).total == 3


def test_filters_add_up_and_pages_follow_each_other(studio: Studio) -> None:
    sales = studio.departments.add(OPERATOR, "Sales").id
    for number in range(7):
        who = person(studio, f"P{number}", verified=number % 2 == 0, role=Role.LEAD if number < 2 else Role.USER)
        studio.people.set_department(OPERATOR, id_of(who), sales if number < 4 else None)
        if number == 6:
            studio.people.disable(OPERATOR, id_of(who))
    search = studio.people.search
    assert names(search(OPERATOR, department_id=sales, role=Role.USER).people) == ["P2", "P3"]
    assert names(search(OPERATOR, state="verified").people) == ["P0", "P2", "P4"]
    assert names(search(OPERATOR, state="unverified").people) == ["P1", "P3", "P5"]
    assert names(search(OPERATOR, state="disabled").people) == ["P6"]
    pages = [search(OPERATOR, skip=skip, most=3) for skip in (0, 3, 6, 9)]
    assert [page.total for page in pages] == [7, 7, 7, 7]
    assert [name for page in pages for name in names(page.people)] == [f"P{number}" for number in range(7)]
    assert search(OPERATOR, skip=-5, most=-1).people == []


def test_a_person_shows_department_and_when_they_were_last_here(studio: Studio, ada: Actor, clock: Clock) -> None:
    sales = studio.departments.add(OPERATOR, "Sales").id
    assert studio.people.set_department(OPERATOR, id_of(ada), sales).department_id == sales
    assert studio.people.one(OPERATOR, id_of(ada)).last_seen_at is None
    signed_in(studio, ada, clock)
    clock.forward(hours=1)
    signed_in(studio, ada, clock)
    assert studio.people.by_email(OPERATOR, "ADA@example.org").last_seen_at == clock()
    assert studio.people.set_department(OPERATOR, id_of(ada), None).department_id is None
    with pytest.raises(NotFound):
        studio.people.set_department(OPERATOR, id_of(ada), uuid7())


def test_a_disabled_person_is_out_and_their_old_sessions_never_come_back(
    studio: Studio, ada: Actor, clock: Clock
) -> None:
    session = signed_in(studio, ada, clock)
    assert studio.people.disable(OPERATOR, id_of(ada)).disabled
    assert studio.access.actor(session) is None
    assert studio.people.acting_as(OPERATOR, ada.email).standing is Standing.BLOCKED
    assert not studio.people.enable(OPERATOR, id_of(ada)).disabled
    assert studio.access.actor(session) is None
    assert studio.access.actor(signed_in(studio, ada, clock)) is not None


def test_signing_somebody_out_ends_all_their_sessions_and_nobody_elses(studio: Studio, clock: Clock) -> None:
    ada, mia = person(studio, "Ada"), person(studio, "Mia")
    ended = [signed_in(studio, ada, clock) for _ in range(2)]
    stays = signed_in(studio, mia, clock)
    studio.people.sign_out_everywhere(OPERATOR, id_of(ada))
    assert [studio.access.actor(session) for session in ended] == [None, None]
    assert studio.access.actor(stays) is not None and studio.access.actor(signed_in(studio, ada, clock)) is not None


def test_a_new_role_counts_at_the_next_look(studio: Studio, ada: Actor, clock: Clock) -> None:
    session = signed_in(studio, ada, clock)
    person(studio, "Rosa", role=Role.ADMIN)
    studio.people.set_role(OPERATOR, id_of(ada), Role.ADMIN)
    now = studio.access.actor(session)
    assert now is not None and studio.people.all(now)
    studio.people.set_role(now, id_of(ada), Role.USER)
    later = studio.access.actor(session)
    assert later is not None
    with pytest.raises(Forbidden):
        studio.people.all(later)


def test_making_the_first_admin_by_hand_closes_the_setup_link(studio: Studio, ada: Actor) -> None:
    link = studio.access.new_setup_link()
    studio.people.set_role(OPERATOR, id_of(ada), Role.ADMIN)
    assert link is not None and not studio.access.setup_open()
    with pytest.raises(BadInput, match="used already"):
        studio.access.create_first_admin(
            link.partition("token=")[2], email="eve@example.org", name="Eve", password="correct horse battery"
        )


def test_each_act_is_in_the_log_once_and_none_that_changed_nothing(studio: Studio) -> None:
    rosa, ada = person(studio, "Rosa", role=Role.ADMIN), person(studio, "Ada", verified=False)
    sales = studio.departments.add(OPERATOR, "Sales").id
    people, whom = studio.people, id_of(ada)
    twice: list[Callable[[], object]] = [
        lambda: people.verify(rosa, ada.email),
        lambda: people.verify_by_hand(rosa, whom),
        lambda: people.set_role(rosa, whom, Role.LEAD),
        lambda: people.set_department(rosa, whom, sales),
        lambda: people.disable(rosa, whom),
        lambda: people.enable(rosa, whom),
    ]
    for act in twice:
        act()
        act()
    people.sign_out_everywhere(rosa, whom)
    of_people = [name for name in acts(studio) if name.startswith("person.")]
    done = ["verify", "role", "department", "disable", "enable", "sign_out"]
    assert of_people == [f"person.{verb}" for verb in done]
    (role,) = [act for act in studio.audit.page(OPERATOR) if act.action == "person.role"]
    assert (role.actor, role.target, role.before, role.after) == ("Rosa", "Ada", {"role": "user"}, {"role": "lead"})
    arrivals = [act for act in studio.audit.page(OPERATOR) if act.action == "person.add"]
    assert [(act.actor, act.after["role"]) for act in arrivals] == [("Operator", "user"), ("Operator", "admin")]
    assert not any("@" in f"{act.before}{act.after}" for act in studio.audit.page(OPERATOR))


def test_whoever_is_not_there_is_not_found_by_any_act(studio: Studio) -> None:
    nobody = uuid7()
    people = studio.people
    for act in (people.one, people.verify_by_hand, people.disable, people.enable, people.sign_out_everywhere):
        with pytest.raises(NotFound, match="no such person"):
            act(OPERATOR, nobody)
    with pytest.raises(NotFound):
        people.set_role(OPERATOR, nobody, Role.ADMIN)
    with pytest.raises(NotFound, match="Nobody here"):
        people.by_email(OPERATOR, "no@example.org")


def test_the_last_admin_who_may_come_in_stays(studio: Studio) -> None:
    rosa, mia = person(studio, "Rosa", role=Role.ADMIN), person(studio, "Mia", role=Role.ADMIN)
    studio.people.disable(OPERATOR, id_of(mia))
    before = acts(studio)
    for actor in (OPERATOR, rosa):
        with pytest.raises(BadInput, match="last administrator"):
            studio.people.disable(actor, id_of(rosa))
        with pytest.raises(BadInput, match="last administrator"):
            studio.people.set_role(actor, id_of(rosa), Role.LEAD)
    assert acts(studio) == before
    studio.people.set_role(rosa, id_of(mia), Role.USER)
    studio.people.set_role(rosa, id_of(rosa), Role.ADMIN)
    assert studio.people.one(OPERATOR, id_of(rosa)).role is Role.ADMIN


@pytest.mark.parametrize("act", ["demote", "disable", "one of each"])
def test_of_admins_who_shut_each_other_out_at_once_one_stays(studio: Studio, act: str) -> None:
    for number in range(ROUNDS):
        pair = [person(studio, f"{name}{number}", role=Role.ADMIN) for name in ("Rosa", "Mia")]

        def shut_out(racer: int, pair: list[Actor] = pair) -> bool:
            whom = id_of(pair[1 - racer])
            try:
                if act == "disable" or (act == "one of each" and racer):
                    studio.people.disable(pair[racer], whom)
                else:
                    studio.people.set_role(pair[racer], whom, Role.USER)
            except BadInput:
                return False
            return True

        assert sorted(race(shut_out, 2)) == [False, True]
        (left,) = [found for found in studio.people.search(OPERATOR, role=Role.ADMIN).people if not found.disabled]
        with studio.database.write() as unit:
            unit.people.change(left.id, role="user")
