"""A person with very many threads finds them as fast as one with few."""

from datetime import timedelta

from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from db.models.conversations import Thread, ThreadMessage
from engine.accounts.actor import Actor
from engine.studio import Studio
from tests.engine.conftest import Clock, person
from tests.engine.cost import statements, work

MANY = 2_000


def say_much(studio: Studio, clock: Clock, who: Actor, count: int) -> None:
    """Threads of a question and an answer each, the newest first, as if they had been asked."""
    threads, messages = [], []
    for number in range(count):
        at = clock() - timedelta(minutes=number)
        thread = {"id": uuid7(), "person_id": who.person_id, "title": f"Walk {number:04}"}
        threads.append(thread | {"created_at": at, "updated_at": at})
        words = ("mode", "surface", "model", "persona_key", "persona_name", "about")
        for role, said in (("user", f"How far is Peak {number:04}?"), ("assistant", "Two HOURS, Ärger included.")):
            message = {"id": uuid7(), "thread_id": thread["id"], "role": role, "text": said, "state": "done"}
            messages.append(message | dict.fromkeys(words, "x") | {"created_at": at, "saved_at": at})
    with studio.database.write() as unit:
        unit.connection.execute(insert(Thread), threads)
        unit.connection.execute(insert(ThreadMessage), messages)
    with studio.database.write() as unit:
        unit.connection.execute(text("ANALYZE"))


def test_a_page_of_many_threads_costs_what_a_page_of_few_does(studio: Studio, ada: Actor, clock: Clock) -> None:
    say_much(studio, clock, ada, 40)
    with statements() as few:
        studio.threads.page(ada)
    of_few = work(studio, few, "threads")
    bob = person(studio, "Bob")
    say_much(studio, clock, bob, MANY)
    with statements() as many:
        found = studio.threads.page(bob)
    assert (found.total, [thread.title for thread in found.threads[:2]]) == (MANY, ["Walk 0000", "Walk 0001"])
    assert [said for said, _ in many] == [said for said, _ in few] and len(many) == 2
    assert 0 < work(studio, many, "threads") <= of_few * 1.2
    assert len(studio.threads.page(bob, skip=MANY - 10).threads) == 10


def test_a_search_is_one_question_and_brings_a_page(studio: Studio, ada: Actor, clock: Clock) -> None:
    bob = person(studio, "Bob")
    say_much(studio, clock, ada, 40)
    say_much(studio, clock, bob, 60)
    for words, total in (("peak 0007", 1), ("hours", 40), ("WALK ärger", 40), ("peak 0050", 0), ("100%", 0)):
        with statements() as asked:
            found = studio.threads.page(ada, words, most=30)
        assert (found.total, len(found.threads), len(asked)) == (total, min(total, 30), 1), words
    assert len(studio.threads.page(ada, "hours", skip=30).threads) == 10
    assert studio.threads.page(ada, "hours", skip=90).total == 40
