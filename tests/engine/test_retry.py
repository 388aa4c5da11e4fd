"""What is tried again, how often, and after what pause."""

import pytest

from engine.errors import (
    BadRequest,
    KeyRejected,
    Malformed,
    ModelNotFound,
    Overloaded,
    ProviderError,
    ProviderQuota,
    ProviderTimeout,
    RateLimited,
    Refused,
    Stopped,
    StreamCut,
    TooLong,
    Unreachable,
)
from engine.llm import CallControl
from engine.retry import retrying


class Patient(CallControl):
    """A control on a clock of its own, on which pauses take no time but are remembered."""

    def __init__(self, deadline_s: float = 120) -> None:
        self.now, self.pauses = 0.0, list[float]()
        super().__init__(deadline_s, clock=lambda: self.now)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def attempts(control: Patient, *failures: ProviderError, begun: bool = False) -> tuple[int, ProviderError | None]:
    """How many attempts are made at a call that fails so, and how it ends."""
    made = 0
    try:
        for attempt in retrying(control, begun=lambda: begun):
            with attempt:
                made += 1
                if made <= len(failures):
                    raise failures[made - 1]
    except ProviderError as problem:
        return made, problem
    return made, None


@pytest.mark.parametrize("kind", [Unreachable, Overloaded])
def test_what_cannot_have_cost_is_tried_twice_more_with_growing_pauses(kind: type[ProviderError]) -> None:
    control = Patient()
    assert attempts(control, kind("x"), kind("x")) == (3, None)
    assert 0 < control.pauses[0] < control.pauses[1] < 2
    last = kind("the last")
    assert attempts(Patient(), kind("x"), kind("x"), last) == (3, last)


def test_a_named_pause_of_at_most_ten_seconds_is_kept_once() -> None:
    control = Patient()
    assert attempts(control, RateLimited("x", retry_after=7)) == (2, None)
    assert control.pauses == [7]
    again = RateLimited("again", retry_after=1)
    assert attempts(Patient(), RateLimited("x", retry_after=1), again) == (2, again)
    for unkept in (RateLimited("x", retry_after=11), RateLimited("x")):
        assert attempts(Patient(), unkept) == (1, unkept)


@pytest.mark.parametrize(
    "kind",
    [
        KeyRejected,
        ModelNotFound,
        ProviderQuota,
        TooLong,
        Refused,
        ProviderTimeout,
        StreamCut,
        Malformed,
        BadRequest,
        Stopped,
    ],
)
def test_everything_else_is_final(kind: type[ProviderError]) -> None:
    problem = kind("x")
    assert attempts(Patient(), problem) == (1, problem)


def test_nothing_is_tried_again_after_the_first_word_after_stop_or_past_the_deadline() -> None:
    problem = Overloaded("x")
    assert attempts(Patient(), problem, begun=True) == (1, problem)
    stopped = Patient()
    stopped.stop()
    assert attempts(stopped, problem) == (1, problem)
    assert attempts(Patient(deadline_s=0.1), problem) == (1, problem)
    asked = RateLimited("x", retry_after=9)
    assert attempts(Patient(deadline_s=8), asked) == (1, asked)


def test_stop_ends_a_pause_at_once() -> None:
    control = CallControl(60)
    control.stop()
    control.pause(60)
    assert control.stopped
