"""The model of the house itself: the embedded one, or another server that speaks chat completions."""

from collections.abc import Iterator

from engine.llm import CallControl, Credential, LLMRequest, StreamEvent
from engine.providers import PROVIDERS
from engine.providers.embedded import EmbeddedModel
from engine.providers.failures import Asked, house_words
from engine.providers.openai_chat import create, read
from engine.providers.openai_client import CHECK_S, model_ids, streamed
from engine.settings import Settings


class Local:
    """Chat completions over the official OpenAI SDK. With the embedded model, the credential is its own."""

    def __init__(self, settings: Settings) -> None:
        spec = PROVIDERS["local"]
        self._label = spec.label
        self._elsewhere = bool(spec.address(settings))
        self.embedded = EmbeddedModel(settings.local_model_path)

    def available(self) -> str | None:
        """None when there is a model to ask, else one sentence that says why not."""
        return None if self._elsewhere else self.embedded.missing()

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Ask the model; a cold or a dead embedded one is started first."""
        asked = Asked(self._label, model, credential.api_key)
        with house_words(asked, control):
            credential = self._credential(credential)
        yield from streamed(credential, control, asked, lambda client: create(client, model, request), read)

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

    def _credential(self, credential: Credential) -> Credential:
        return credential if self._elsewhere else self.embedded.credential()
