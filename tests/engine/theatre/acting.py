"""A provider that says what the test's function makes of each request, and helpers to play scenes with it."""

import threading
from collections.abc import Callable, Iterator
from uuid import UUID

from engine.accounts.actor import Actor
from engine.errors import ProviderError, Stopped
from engine.llm import (
    CallControl,
    Completed,
    Credential,
    LLMRequest,
    LLMResponse,
    Started,
    StreamEvent,
    TextDelta,
    Usage,
    estimate_tokens,
)
from engine.providers.scripted import Gate
from engine.studio import Studio
from engine.theatre.scene import HOST, Turn
from engine.theatre.stage import Performance
from tests.engine.waiting import until

Say = Callable[[LLMRequest], str | ProviderError | tuple[str, ProviderError]]


class Acting:
    """Answers with `say(request)`, word by word through `gate` when there is one. `calls` is what it was asked."""

    def __init__(self, say: Say = lambda request: "Yes, and more.") -> None:
        self.say = say
        self.gate: Gate | None = None
        self.calls: list[LLMRequest] = []
        self.models: list[str] = []
        self.stopped = 0
        self._lock = threading.Lock()

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Give the answer."""
        with self._lock:
            self.calls.append(request)
            self.models.append(model)
        answer = self.say(request)
        if isinstance(answer, ProviderError):
            raise answer
        answer, failure = answer if isinstance(answer, tuple) else (answer, None)
        yield Started(model)
        words = answer.split(" ")
        for number, word in enumerate(words, start=1):
            try:
                if self.gate:
                    self.gate.wait(number, control)
                if control.stopped:
                    raise Stopped("The answer was stopped.")
            except Stopped:
                self.stopped += 1
                raise
            yield TextDelta(word if number == len(words) else f"{word} ")
        if failure:
            raise failure
        usage = Usage(input=request.estimated_input_tokens, output=estimate_tokens(answer))
        yield Completed(LLMResponse(answer, usage, "stop", model))

    def list_models(self, credential: Credential) -> list[str]:
        """The one model there is."""
        return ["acting"]

    def check(self, credential: Credential) -> int:
        """Always works."""
        return 1


def performance(studio: Studio, actor: Actor, scene_id: UUID) -> Performance:
    """The whole of it."""
    return studio.theatre.watch(actor, scene_id, most=1_000)


def still(studio: Studio, actor: Actor, scene_id: UUID) -> Performance:
    """The scene once it stands still and nobody speaks."""
    until(lambda: (now := performance(studio, actor, scene_id)).scene.state != "playing" and now.speaking is None)
    until(lambda: (run := studio.runs.get(f"scene:{scene_id}")) is None or run.over)
    return performance(studio, actor, scene_id)


def played(studio: Studio, actor: Actor, scene_id: UUID) -> Performance:
    """Play it to its end without watching."""
    studio.theatre.play(actor, scene_id, watched=False)
    return still(studio, actor, scene_id)


def order(found: Performance) -> list[str]:
    """Who spoke, one after the other; the host is left out."""
    return [turn.speaker for turn in spoken(found)]


def spoken(found: Performance) -> list[Turn]:
    """The turns of the cast."""
    return [turn for turn in found.turns if turn.speaker != HOST]


def speaker_of(request: LLMRequest) -> str:
    """The name of the member who is asked; empty for the director."""
    _, _, rest = request.system.partition("You are on stage as ")
    return rest.partition(", together")[0].partition(". Stay")[0]
