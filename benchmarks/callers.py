"""One question, asked by each implementation in the way its documentation shows. Each runs in a process of its own."""

import os
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any, Protocol

QUESTION = "Describe a quiet town by the sea, as you would to a friend who is thinking of moving there."
MODEL = "gpt-4.1"
MOST_TOKENS = 1024

Heard = Callable[[str], None]


class Caller(Protocol):
    """Asks one address, over connections that it keeps."""

    def call(self) -> str:
        """Ask and return the answer."""
        ...

    def stream(self, heard: Heard) -> None:
        """Ask and hand over the answer piece by piece."""
        ...

    def close(self) -> None:
        """Let go of what was opened."""
        ...


class RawResponses:
    """The official SDK with one client, Responses API: what our chain is compared with."""

    def __init__(self, address: str) -> None:
        from openai import OpenAI

        self._client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], base_url=address, max_retries=0)

    def call(self) -> str:
        """The SDK's plain call."""
        return self._client.responses.create(model=MODEL, input=QUESTION, max_output_tokens=MOST_TOKENS).output_text

    def stream(self, heard: Heard) -> None:
        """The SDK's parsed stream."""
        events = self._client.responses.create(model=MODEL, input=QUESTION, max_output_tokens=MOST_TOKENS, stream=True)
        for event in events:
            if event.type == "response.output_text.delta":
                heard(event.delta)

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class RawChat:
    """The official SDK with one client, chat completions: what LiteLLM calls."""

    def __init__(self, address: str) -> None:
        from openai import OpenAI

        self._client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], base_url=address, max_retries=0)
        self._question: Any = {"messages": [{"role": "user", "content": QUESTION}], "max_tokens": MOST_TOKENS}

    def call(self) -> str:
        """The SDK's plain call."""
        answer = self._client.chat.completions.create(model=MODEL, **self._question)
        return answer.choices[0].message.content or ""

    def stream(self, heard: Heard) -> None:
        """The SDK's parsed stream."""
        for chunk in self._client.chat.completions.create(model=MODEL, stream=True, **self._question):
            if text := chunk.choices[0].delta.content:
                heard(text)

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class LiteLLM:
    """`litellm.completion`, which keeps its client by itself."""

    def __init__(self, address: str) -> None:
        import litellm

        self._ask = litellm.completion
        self._question: Any = {
            "model": f"openai/{MODEL}",
            "messages": [{"role": "user", "content": QUESTION}],
            "max_tokens": MOST_TOKENS,
            "api_base": address,
            "api_key": os.environ["OPENAI_API_KEY"],
        }

    def call(self) -> str:
        """A plain call."""
        return self._ask(**self._question).choices[0].message.content

    def stream(self, heard: Heard) -> None:
        """A streamed call."""
        for chunk in self._ask(stream=True, **self._question):
            if text := chunk.choices[0].delta.content:
                heard(text)

    def close(self) -> None:
        """Nothing was opened here."""


class Clocked:
    """An adapter as it is, and the instant at which our chain last came to it."""

    def __init__(self, adapter: Any) -> None:
        self._adapter = adapter
        self.asked = 0.0

    def stream(self, *asked: Any) -> Iterator[Any]:
        """What the adapter streams."""
        self.asked = time.perf_counter()
        return self._adapter.stream(*asked)


class Ours:
    """The full chain as `engine.run_llm` has it: resolve, admit, stream, settle; the operator asks."""

    def __init__(self, address: str) -> None:
        from engine.accounts.actor import Actor
        from engine.generation import CallContext
        from engine.llm import LLMRequest, Message
        from engine.providers import Adapters
        from engine.settings import load_settings
        from engine.studio import open_studio

        os.environ["STUDIO_OPENAI_BASE_URL"] = address
        settings = load_settings()
        self.clock = Clocked(Adapters(settings).get("openai"))
        self.studio = open_studio(settings, providers={"openai": self.clock})
        self._actor, self._context = Actor.operator(), CallContext("cli")
        self._request = LLMRequest((Message("user", QUESTION),), max_output_tokens=MOST_TOKENS)

    def call(self) -> str:
        """The module-level call."""
        return self.studio.generation.generate(self._actor, self._request, self._context).text

    def stream(self, heard: Heard) -> None:
        """The same, with somebody who listens."""

        def listen(event: Any) -> None:
            if event.kind == "text":
                heard(event.text)

        self.studio.generation.generate(self._actor, self._request, self._context, listener=listen)

    def parts(self) -> tuple[float, float]:
        """Seconds from the call to the adapter, and from the last event to the return: what is ours alone."""
        ended = 0.0

        def listen(event: Any) -> None:
            nonlocal ended
            if event.kind == "completed":
                ended = time.perf_counter()

        began = time.perf_counter()
        self.studio.generation.generate(self._actor, self._request, self._context, listener=listen)
        return self.clock.asked - began, time.perf_counter() - ended

    def close(self) -> None:
        """Close the studio; complain when the ledger did not count every call."""
        if wrong := self.studio.usage.verify(self._actor):
            raise RuntimeError(f"the ledger does not add up: {wrong}")
        self.studio.close()


CALLERS: dict[str, Callable[[str], Caller]] = {
    "ours": Ours,
    "raw": RawResponses,
    "raw-chat": RawChat,
    "litellm": LiteLLM,
}
PACKAGES = {"ours": ("sqlalchemy",), "raw": ("openai",), "raw-chat": ("openai",), "litellm": ("litellm",)}


def versions(kind: str) -> dict[str, str]:
    """What is installed where this runs."""
    return {name: version(name) for name in PACKAGES[kind]}
