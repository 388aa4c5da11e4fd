"""Clients of the official OpenAI SDK, for OpenAI itself and for servers that speak like it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import lru_cache
from typing import Any

import httpx2
from openai import APIResponse, OpenAI

from engine.errors import Malformed, Stopped, StreamCut
from engine.llm import CallControl, Credential, StreamEvent
from engine.providers.failures import Asked, house_words
from engine.providers.frames import Frames
from engine.providers.wire import CONNECT_S, Call, Transport

CHECK_S = 20.0

Reader = Callable[[Frames, Asked], Iterator[StreamEvent]]
Send = Callable[[OpenAI], AbstractContextManager[APIResponse[Any]]]

_transport = Transport()


@lru_cache(maxsize=64)
def client(credential: Credential) -> OpenAI:
    """The client of one key at one address, whatever the SDK's environment variables say. All share connections."""
    key = credential.api_key.reveal()
    headers = {"Authorization": f"Bearer {key}"}
    if credential.source == "local":
        headers["Connection"] = "close"  # llama.cpp closes one in five kept connections under the next request
    made = OpenAI(
        api_key=key,
        base_url=credential.base_url,
        default_headers=headers,
        max_retries=0,
        timeout=httpx2.Timeout(None, connect=CONNECT_S),
        http_client=httpx2.Client(transport=_transport, follow_redirects=False, trust_env=False),
    )
    made.organization = made.project = None
    return made


def streamed(
    credential: Credential, control: CallControl, asked: Asked, send: Send, read: Reader
) -> Iterator[StreamEvent]:
    """Send a request and yield what `read` makes of the frames of its answer, `Completed` last."""
    with house_words(asked, control), ExitStack() as answer:
        call = Call(control)
        with call.obeyed():
            response = answer.enter_context(send(client(credential)))
        frames = Frames(response.http_response, call)
        for event in read(frames, asked):
            if event.kind == "completed":
                yield event
                return
            if control.stopped:
                raise asked.error(Stopped)
            if event.kind == "text" and not isinstance(event.text, str):
                raise asked.error(Malformed)
            yield event
        raise asked.error(StreamCut if frames.came else Malformed)


def model_ids(credential: Credential, asked: Asked) -> list[str]:
    """The ids of the models that a key sees."""
    control = CallControl(CHECK_S)
    with house_words(asked, control), Call(control).obeyed():
        return sorted(model.id for model in client(credential).models.list().data)
