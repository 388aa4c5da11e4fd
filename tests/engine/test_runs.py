"""Runs: work in a thread, followed and stopped from others."""

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from engine.errors import DatabaseError, Overloaded
from engine.providers.scripted import Gate, Scripted
from engine.runs import Run, Runs, RunWriter, State
from tests.engine.providers.canned import WAIT_S, credential, question

WORDS = [f"word{number} " for number in range(500)]


def write_all(writer: RunWriter) -> int:
    for word in WORDS:
        writer.add(word)
    return len(WORDS)


def asking(provider: Scripted) -> Callable[[RunWriter], str]:
    """Work that asks a provider, as the engine does."""

    def work(writer: RunWriter) -> str:
        for event in provider.stream("m", question(), credential(), writer.control):
            if event.kind == "text":
                writer.add(event.text)
        return "answered"

    return work


def end_of(run: Run[object]) -> str:
    """The text of a run once it is over."""
    return list(run.follow())[-1]


def test_two_readers_see_every_text_grow_to_the_whole() -> None:
    begin = threading.Event()

    def work(writer: RunWriter) -> int:
        assert begin.wait(WAIT_S)
        return write_all(writer)

    run = Runs().start("a", work)
    seen: list[list[str]] = [[], []]
    readers = [threading.Thread(target=lambda texts=texts: texts.extend(run.follow())) for texts in seen]
    for reader in readers:
        reader.start()
    begin.set()
    for reader in readers:
        reader.join(WAIT_S)
    for texts in seen:
        assert texts[-1] == "".join(WORDS)
        assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert (run.state, run.result, run.error) == ("done", len(WORDS), None)


def test_it_is_known_how_long_a_run_was_silent_at_first() -> None:
    gate = Gate()
    run = Runs().start("m", asking(Scripted(["one two"], gate=gate)))
    assert run.first_word_ms is None
    gate.let(1)
    next(text for text in run.follow() if text)
    first = run.first_word_ms
    gate.let(9)
    end_of(run)
    assert first is not None and first >= 0 and run.first_word_ms == first


def test_a_reader_that_comes_late_gets_everything_at_once() -> None:
    run = Runs().start("a", write_all)
    assert end_of(run) == "".join(WORDS)
    assert list(run.follow()) == ["".join(WORDS)]


def test_a_follower_gets_a_turn_even_when_nothing_comes() -> None:
    done = threading.Event()
    run = Runs().start("a", lambda writer: done.wait(WAIT_S))
    texts = run.follow(tick=0.01)
    assert [next(texts) for _ in range(3)] == ["", "", ""]
    done.set()


def test_stop_frees_the_readers_while_the_work_is_still_blocked() -> None:
    blocked, release, over = threading.Event(), threading.Event(), threading.Event()

    def stubborn(writer: RunWriter) -> str:
        writer.add("kept")
        blocked.set()
        release.wait(WAIT_S)
        writer.add(" lost")
        over.set()
        return "too late"

    run = Runs().start("a", stubborn)
    assert blocked.wait(WAIT_S)
    run.stop()
    assert end_of(run) == "kept"
    release.set()
    assert over.wait(WAIT_S)
    assert (run.text, run.state, run.error) == ("kept", "stopped", None)


def test_stop_reaches_the_provider() -> None:
    gate = Gate()
    done = threading.Event()
    work = asking(Scripted(["one two"], gate=gate))

    def watched(writer: RunWriter) -> str:
        try:
            return work(writer)
        finally:
            done.set()

    run = Runs().start("a", watched)
    gate.let()
    texts = run.follow()
    while next(texts) != "one ":
        continue
    run.stop()
    assert done.wait(WAIT_S)
    assert (run.text, run.state, run.result) == ("one ", "stopped", None)


def test_a_failed_run_keeps_its_text_and_carries_its_error() -> None:
    overloaded = Overloaded("Too many guests.")
    run = Runs().start("a", asking(Scripted([["one ", overloaded]])))
    assert end_of(run) == "one "
    assert (run.state, run.error) == ("failed", overloaded)


@pytest.mark.parametrize("problem", [ValueError("a bug"), KeyError("another")])
def test_a_bug_in_the_work_ends_the_run_as_well(problem: Exception) -> None:
    def work(writer: RunWriter) -> None:
        raise problem

    run = Runs().start("a", work)
    assert end_of(run) == ""
    assert run.error is problem


def test_a_new_run_of_a_subject_stops_the_one_before() -> None:
    runs = Runs()
    first = runs.start("draft", asking(Scripted(gate=Gate())))
    second = runs.start("draft", write_all)
    assert end_of(first) == ""
    assert first.state == "stopped"
    assert runs.get("draft") is second


def test_runs_that_are_over_are_dropped_the_oldest_first() -> None:
    runs = Runs(kept=2)
    living = runs.start("living", asking(Scripted(gate=Gate())))
    for subject in range(5):
        end_of(runs.start(subject, write_all))
    runs.start("last", write_all)
    assert [subject for subject in range(5) if runs.get(subject)] == [3, 4]
    assert runs.get("living") is living
    runs.close()
    assert living.state == "stopped"


class Shelf:
    """Keeps what a run saves, and fails as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.saved: list[tuple[str, State]] = []
        self.tries = 0
        self._failures = failures
        self._changed = threading.Condition()

    def __call__(self, text: str, state: State) -> bool:
        with self._changed:
            self.tries += 1
            self._changed.notify_all()
            if self.tries <= self._failures:
                raise DatabaseError("The database cannot be reached.")
            self.saved.append((text, state))
            return True

    def wait_for(self, seen: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(seen, WAIT_S)


def test_a_run_saves_itself_at_once_while_it_writes_and_at_its_end() -> None:
    shelf, gate = Shelf(), Gate()
    run = Runs(save_every_s=0.01).start("a", asking(Scripted(["one two"], gate=gate)), keep=shelf)
    shelf.wait_for(lambda: ("", "writing") in shelf.saved)
    gate.let()
    shelf.wait_for(lambda: ("one ", "writing") in shelf.saved)
    gate.let()
    shelf.wait_for(lambda: ("one two", "done") in shelf.saved)
    assert end_of(run) == "one two"


@pytest.mark.parametrize("end", ["stopped", "failed"])
def test_a_run_that_ends_early_saves_how_it_ended(end: State) -> None:
    shelf, gate = Shelf(), Gate()
    script = Scripted([["one ", "two"] if end == "stopped" else ["one ", Overloaded("Too many guests.")]], gate=gate)
    run = Runs().start("a", asking(script), keep=shelf)
    gate.let()
    texts = run.follow()
    while next(texts) != "one ":
        continue
    if end == "stopped":
        run.stop()
    shelf.wait_for(lambda: ("one ", end) in shelf.saved)


def test_a_shelf_that_fails_costs_no_text_and_is_tried_until_the_end_is_saved() -> None:
    shelf = Shelf(failures=5)
    run = Runs(save_every_s=0.01).start("a", write_all, keep=shelf)
    assert end_of(run) == "".join(WORDS)
    shelf.wait_for(lambda: ("".join(WORDS), "done") in shelf.saved)
    assert (run.state, run.result, shelf.tries) == ("done", len(WORDS), 6)


def test_a_run_that_has_lost_its_place_stops() -> None:
    places = iter([True, False])
    run = Runs(save_every_s=0.01).start("a", asking(Scripted(gate=Gate())), keep=lambda text, state: next(places))
    end_of(run)
    assert run.state == "stopped"


def test_a_run_that_never_got_its_place_is_only_not_saved() -> None:
    shelf = threading.Event()

    def taken(text: str, state: State) -> bool:
        shelf.set()
        return False

    gate = Gate()
    run = Runs(save_every_s=0.01).start("a", asking(Scripted(["one two"], gate=gate)), keep=taken)
    assert shelf.wait(WAIT_S)
    gate.let(2)
    assert end_of(run) == "one two" and run.state == "done"


def test_closing_stops_the_runs_and_waits_until_they_are_saved() -> None:
    shelf, gate = Shelf(), Gate()
    runs = Runs()
    run = runs.start("a", asking(Scripted(["one two"], gate=gate)), keep=shelf)
    gate.let()
    texts = run.follow()
    while next(texts) != "one ":
        continue
    runs.close()
    assert shelf.saved[-1] == ("one ", "stopped")


def test_closing_waits_for_a_run_that_has_given_its_subject_to_another() -> None:
    blocked, release, closed = threading.Event(), threading.Event(), threading.Event()

    def slow_to_end(writer: RunWriter) -> None:
        blocked.set()
        release.wait(WAIT_S)

    runs = Runs()
    first = runs.start("a", slow_to_end)
    assert blocked.wait(WAIT_S)
    runs.start("a", write_all)
    closer = threading.Thread(target=lambda: (runs.close(), closed.set()))
    closer.start()
    assert first.state == "stopped" and not closed.wait(0.1), "it is still settling"
    release.set()
    assert closed.wait(WAIT_S)
    assert not first._threads[0].is_alive()


def test_closing_does_not_wait_for_a_shelf_that_is_away() -> None:
    shelf = Shelf(failures=10**6)
    runs = Runs(save_every_s=WAIT_S)
    run = runs.start("a", write_all, keep=shelf)
    end_of(run)
    runs.close()
    assert run.text == "".join(WORDS) and shelf.tries <= 3
    assert not any(thread.is_alive() for thread in run._threads)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("plain", "plain"),
        ("¡Hola! 🙂", "¡Hola! 🙂"),
        ("\ud83d\ude42", "🙂"),
        ("a\ud83d", "a\ufffd"),
        ("\ude42\ud83d b", "\ufffd\ufffd b"),
        ("a\x00b", "a\ufffdb"),
    ],
    ids=["plain", "emoji", "a pair in halves", "a high half", "the wrong way round", "NUL"],
)
def test_what_no_database_takes_is_replaced_as_it_comes(text: str, stored: str) -> None:
    run = Runs().start("a", lambda writer: writer.add(text))
    assert end_of(run) == stored
    stored.encode()
