"""Groq, by chat completions. Its SDK is of an older kind of HTTP library than ours, so a bridge leads to ours."""

from collections.abc import Iterator
from functools import lru_cache

import httpx
import httpx2
from groq import Groq

from engine.llm import CallControl, Credential, LLMRequest, StreamEvent
from engine.providers import PROVIDERS
from engine.providers.answering import listed, streamed
from engine.providers.failures import Asked
from engine.providers.openai_chat import create, read
from engine.providers.wire import TRANSPORT
from engine.settings import Settings


class GroqChat:
    """Groq over the official SDK."""

    def __init__(self, settings: Settings) -> None:
        self._label = PROVIDERS["groq"].label

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Ask `model`."""
        asked = Asked(self._label, model, credential.api_key)
        return streamed(control, asked, lambda: create(client(credential), model, request), read)

    def list_models(self, credential: Credential) -> list[str]:
        """The ids that the key may use."""
        asked = Asked(self._label, "", credential.api_key)
        return listed(asked, lambda: [model.id for model in client(credential).models.list().data])

    def check(self, credential: Credential) -> int:
        """Prove that the key works."""
        return len(self.list_models(credential))


@lru_cache(maxsize=64)
def client(credential: Credential) -> Groq:
    """The client of one key at one address, whatever the SDK's environment variables say. All share connections."""
    key = credential.api_key.reveal()
    return Groq(
        api_key=key,
        base_url=credential.base_url,
        default_headers={"Authorization": f"Bearer {key}"},
        max_retries=0,
        timeout=None,
        http_client=httpx.Client(transport=Bridge(), follow_redirects=False, trust_env=False),
    )


class Bridge(httpx.BaseTransport):
    """Carries the requests of httpx 1 over our transport, so that they obey their calls as all others do.

    What fails on the way is an error of httpx 2.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and hand the answer back as it comes, unpacked."""
        answer = TRANSPORT.handle_request(
            httpx2.Request(
                request.method,
                str(request.url),
                headers=request.headers.raw,
                content=request.read(),
                extensions=dict(request.extensions),
            )
        )
        unpacked = [(name, value) for name, value in answer.headers.raw if name.lower() != b"content-encoding"]
        return httpx.Response(answer.status_code, headers=unpacked, stream=_Unpacked(answer))


class _Unpacked(httpx.SyncByteStream):
    def __init__(self, answer: httpx2.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_bytes()

    def close(self) -> None:
        self._answer.close()
