"""The model of the house itself: the embedded one, or another server that speaks chat completions."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from engine.errors import ModelNotFound, ProviderError
from engine.llm import CallControl, Credential, LLMRequest, StreamEvent
from engine.providers import PROVIDERS
from engine.providers.answering import CHECK_S, streamed
from engine.providers.embedded import MODEL, EmbeddedModel
from engine.providers.failures import Asked, house_words
from engine.providers.openai_chat import create, read
from engine.providers.openai_client import client, model_ids
from engine.settings import Settings


class Local:
    """Chat completions over the official OpenAI SDK. With the embedded model, the credential is its own."""

    def __init__(self, settings: Settings) -> None:
        spec = PROVIDERS["local"]
        self._label = spec.label
        self._elsewhere = bool(spec.address(settings))
        self._house = spec.house_credential(settings)
        self.embedded = EmbeddedModel(settings.local_model_path)
        self._counting = threading.Lock()
        self._calls = 0
        self._first: str | None = None

    def available(self) -> str | None:
        """None when there is a model to ask, else one sentence that says why not."""
        return None if self._elsewhere else self.embedded.missing()

    def state(self, *, ask: bool = False) -> str:
        """Which model it is and how busy this process keeps it, in words; `ask` another server whether it is there."""
        if reason := self.available():
            return reason
        return f"{self._server(ask) if self._elsewhere else self._file()}, {self._activity()}"

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Ask the model; a cold or a dead embedded one is started first."""
        asked = Asked(self._label, model, credential.api_key)
        with house_words(asked, control):
            credential = self._credential(credential)
        if self._elsewhere and model == MODEL:
            model = self._first_model(credential)
        with self._counted():
            yield from streamed(control, asked, lambda: create(client(credential), model, request), read)

    def list_models(self, credential: Credential) -> list[str]:
        """The ids that the server offers."""
        asked = Asked(self._label, "", credential.api_key)
        with house_words(asked, CallControl(CHECK_S)):
            credential = self._credential(credential)
        return model_ids(credential, asked)

    def check(self, credential: Credential) -> int:
        """Prove that the server answers."""
        return len(self.list_models(credential))

    def close(self) -> None:
        """End the embedded model, if it runs."""
        self.embedded.close()

    def _first_model(self, credential: Credential) -> str:
        """What another server answers with when it is asked for the model of the house. Asked for once."""
        if self._first is None:
            offered = self.list_models(credential)
            if not offered:
                raise ModelNotFound(f"{self._server(ask=False)} offers no model.", hint="Load one there first.")
            self._first = offered[0]
        return self._first

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count a call from when it waits for the model's one slot until it has left it."""
        with self._counting:
            self._calls += 1
        try:
            yield
        finally:
            with self._counting:
                self._calls -= 1

    def _activity(self) -> str:
        if self._calls < 2:
            return "answering" if self._calls else "idle"
        return f"answering {self._calls} calls" if self._elsewhere else f"answering, {self._calls - 1} waiting"

    def _file(self) -> str:
        path = self.embedded.path
        return f"{self.embedded.name} ({path.name}, {path.stat().st_size / 1e6:.0f} MB)" if path else ""

    def _server(self, ask: bool) -> str:
        """The server without what its address may hold of a secret."""
        if self._house is None:
            return ""
        address = urlsplit(self._house.base_url)
        name = f"{address.scheme}://{address.hostname}{f':{address.port}' if address.port else ''}"
        if not ask:
            return name
        try:
            return f"{name} answers, it has models: {', '.join(self.list_models(self._house)) or 'none'}"
        except ProviderError as problem:
            return f"{name} does not answer ({problem.message.removesuffix('.')})"

    def _credential(self, credential: Credential) -> Credential:
        return credential if self._elsewhere else self.embedded.credential()
