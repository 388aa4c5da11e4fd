"""One question to a vendor: sent through its SDK, and its answer read under the call's Stop and deadline."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from engine.errors import KeyRejected, Malformed, ProviderError, Stopped, StreamCut
from engine.llm import CallControl, StreamEvent
from engine.providers.failures import Asked, house_words, unwanted
from engine.providers.frames import Body, Frames
from engine.providers.wire import Call

CHECK_S = 20.0

Reader = Callable[[Frames, Asked], Iterator[StreamEvent]]
Send = Callable[[], AbstractContextManager[Body]]


def streamed(control: CallControl, asked: Asked, send: Send, read: Reader) -> Iterator[StreamEvent]:
    """Send a request and yield what `read` makes of the frames of its answer, `Completed` last."""
    with house_words(asked, control), ExitStack() as answer:
        _check_key(asked)
        call = Call(control)
        with call.obeyed():
            response = answer.enter_context(send())
        frames = Frames(response, call)
        begun = False
        try:
            for event in read(frames, asked):
                if event.kind != "completed" and control.stopped:
                    raise asked.error(Stopped)
                if not _is_sound(event):
                    raise asked.error(Malformed)
                begun |= event.kind != "started"
                yield event
                if event.kind == "completed":
                    return
        except ProviderError as problem:
            if begun and not problem.charged:  # whatever its reason, it broke off an answer that is paid for
                raise asked.error(StreamCut, quote=problem.message) from None
            raise
        raise asked.error(StreamCut if frames.came else Malformed)


def listed(asked: Asked, ids: Callable[[], Sequence[str]]) -> list[str]:
    """The ids of the models that a key sees, sorted."""
    control = CallControl(CHECK_S)
    with house_words(asked, control), Call(control).obeyed():
        _check_key(asked)
        return sorted(ids())


@contextmanager
def opened(
    create: Callable[..., AbstractContextManager[Body]], body: Mapping[str, Any], *wishes: str
) -> Iterator[Body]:
    """Post a request. A model that does not know one of the `wishes` says so at once and at no cost,
    and is asked without it."""
    with ExitStack() as answer:
        while True:
            try:
                response = answer.enter_context(create(**body))
                break
            except Exception as problem:
                refused = unwanted(problem, [wish for wish in wishes if wish in body])
                if refused is None:
                    raise
                body = {name: value for name, value in body.items() if name != refused}
        yield response


def _check_key(asked: Asked) -> None:
    """A key that no header can carry is not sent anywhere."""
    key = asked.key.reveal()
    if not (key.isascii() and key.isprintable()) or key != key.strip():
        raise asked.error(KeyRejected)


def _is_sound(event: StreamEvent) -> bool:
    """Whether texts are texts, whatever the vendor sent in their place."""
    match event.kind:
        case "text" | "reasoning":
            return isinstance(event.text, str)
        case "tool_call":
            return all(isinstance(text, str) for text in (event.id, event.name, event.arguments))
        case "started":
            return isinstance(event.model, str) and isinstance(event.request_id, str | None)
        case "completed":
            return isinstance(event.response.model, str) and isinstance(event.response.request_id, str | None)
