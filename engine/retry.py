"""What is tried again. A call: only before its first word, only when nothing can have been charged, never past Stop
or the deadline.

No connection, and failures on the provider's side: twice more, with growing, jittered pauses. A request to slow down:
once more, when the provider names a pause of at most ten seconds. Everything else is final. What came of a call is
written down again and again while the database is away.
"""

from collections.abc import Callable

import tenacity

from engine.errors import DatabaseError, Overloaded, RateLimited, Unreachable
from engine.llm import CallControl

MOST_ATTEMPTS = 3
LONGEST_PAUSE_ASKED_S = 10.0
_growing = tenacity.wait_exponential_jitter(initial=0.3, max=4.0, jitter=0.3)


def retrying(control: CallControl, *, begun: Callable[[], bool]) -> tenacity.Retrying:
    """The attempts at one call: `for attempt in retrying(…): with attempt: …`. `begun` tells that words have come."""

    def again(state: tenacity.RetryCallState) -> bool:
        problem = state.outcome.exception() if state.outcome else None
        if problem is None or begun() or control.stopped:
            return False
        if isinstance(problem, RateLimited):
            asked = problem.retry_after
            return state.attempt_number == 1 and asked is not None and asked <= LONGEST_PAUSE_ASKED_S
        return isinstance(problem, Unreachable | Overloaded)

    def pause(state: tenacity.RetryCallState) -> float:
        problem = state.outcome.exception() if state.outcome else None
        return (problem.retry_after or 0.0) if isinstance(problem, RateLimited) else _growing(state)

    def final(state: tenacity.RetryCallState) -> bool:
        return state.attempt_number >= MOST_ATTEMPTS or state.upcoming_sleep >= control.seconds_left

    return tenacity.Retrying(
        retry=again,
        wait=pause,
        stop=final,
        sleep=control.pause,
        reraise=True,
    )


def while_database_is_away(patience_s: float) -> tenacity.Retrying:
    """Calls a function again until the database is back, or for so many seconds; then its error is raised."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(DatabaseError),
        wait=tenacity.wait_exponential(multiplier=0.1, max=5.0),
        stop=tenacity.stop_after_delay(patience_s),
        reraise=True,
    )
