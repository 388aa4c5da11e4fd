"""A provider that says what it is told: for tests, demonstrations and rehearsals without a model."""

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from engine.errors import ModelNotFound, ProviderError, ProviderTimeout, Stopped
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
from engine.settings import Settings

MODEL = "script"
TICK_S = 0.02

Answer = str | ProviderError | Sequence[str | ProviderError]


class Gate:
    """Holds an answer back until its chunks are let through."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = 0

    def let(self, chunks: int = 1) -> None:
        """Let that many more chunks through."""
        with self._changed:
            self._open += chunks
            self._changed.notify_all()

    def wait(self, chunk: int, control: CallControl) -> None:
        """Return when chunk number `chunk`, counted from 1, may pass. Raises Stopped or ProviderTimeout."""
        control.on_stop(self._wake)
        with self._changed:
            self._changed.wait_for(lambda: control.stopped or self._open >= chunk, control.seconds_left)
            _obey(control)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


class Scripted:
    """Gives the answers in turn, the last one for ever. `calls` is what it was asked.

    An answer is a text, streamed word by word, or its chunks; an error in place of an answer or of a
    chunk is raised there.
    """

    def __init__(self, answers: Sequence[Answer] = ("A scripted answer.",), *, gate: Gate | None = None) -> None:
        self.calls: list[tuple[str, LLMRequest, Credential]] = []
        self._answers = answers
        self._gate = gate
        self._turn = count()

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Give the next answer."""
        self.calls.append((model, request, credential))
        answer = self._answers[min(next(self._turn), len(self._answers) - 1)]
        for number, event in enumerate(_told(model, request, answer)):
            if self._gate and event.kind == "text":
                self._gate.wait(number, control)
            _obey(control)
            yield event

    def list_models(self, credential: Credential) -> list[str]:
        """The one model there is."""
        return [MODEL]

    def check(self, credential: Credential) -> int:
        """Always works."""
        return 1


class ScriptFolder:
    """Reads its script from `STUDIO_SCRIPT_DIR`, so that another process can write it.

    `answer.txt` is the answer. While a file `gate` is there, chunk n waits until the number in it is
    n or more. Each call is added to `calls.jsonl`.
    """

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.script_dir

    def available(self) -> str | None:
        """None when there is a script, else one sentence that says why not."""
        script = self._folder and self._folder / "answer.txt"
        return None if script and script.is_file() else "There is no script: STUDIO_SCRIPT_DIR has no answer.txt."

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Read the answer aloud."""
        if (reason := self.available()) or self._folder is None:
            raise ModelNotFound(reason or "There is no script.", hint="Write the answer there first.")
        self._witness(self._folder, model, request)
        answer = (self._folder / "answer.txt").read_text(encoding="utf-8").removesuffix("\n")
        for number, event in enumerate(_told(model, request, answer)):
            while event.kind == "text" and not self._may_pass(self._folder / "gate", number):
                _obey(control)
                time.sleep(TICK_S)
            _obey(control)
            yield event

    def list_models(self, credential: Credential) -> list[str]:
        """The one model there is."""
        return [MODEL]

    def check(self, credential: Credential) -> int:
        """Always works."""
        return 1

    @staticmethod
    def _may_pass(gate: Path, chunk: int) -> bool:
        try:
            return int(gate.read_text() or 0) >= chunk
        except FileNotFoundError:
            return True

    @staticmethod
    def _witness(folder: Path, model: str, request: LLMRequest) -> None:
        said = [{"role": message.role, "text": message.text, "name": message.name} for message in request.messages]
        call = {"time": time.time(), "model": model, "system": request.system, "messages": said}
        with (folder / "calls.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(call, ensure_ascii=False) + "\n")


def _told(model: str, request: LLMRequest, answer: Answer) -> Iterator[StreamEvent]:
    """The events of an answer; the text events are numbered from 1, as `Started` is 0."""
    if isinstance(answer, ProviderError):
        raise answer
    yield Started(model)
    text = ""
    for chunk in re.findall(r"\s*\S+\s*|\s+", answer) if isinstance(answer, str) else answer:
        if isinstance(chunk, ProviderError):
            raise chunk
        text += chunk
        yield TextDelta(chunk)
    usage = Usage(input=request.estimated_input_tokens, output=estimate_tokens(text))
    yield Completed(LLMResponse(text, usage, "stop", model))


def _obey(control: CallControl) -> None:
    if control.stopped:
        raise Stopped("The answer was stopped.", hint="What came is kept.")
    if control.seconds_left <= 0:
        raise ProviderTimeout("The script did not finish in time.", hint="Open its gate.")
