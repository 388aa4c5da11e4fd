"""The providers the house knows: one row each, and the adapters behind them, imported on first use."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType

from engine.errors import BadInput, ConfigError
from engine.llm import Credential, Provider, Secret
from engine.settings import Settings

KEYLESS = "no-key"


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """One provider. `adapter` names what makes its `Provider` out of the settings, as `module:name`.

    `key_variables` are the environment variables that may hold the house's key, the first that is
    set wins; `base_url_variable` is the one by which the operator sends calls to another address.
    """

    key: str
    label: str
    adapter: str
    base_url: str = ""
    key_variables: tuple[str, ...] = ()
    base_url_variable: str = ""
    free: bool = False
    offered: bool = True

    def address(self, settings: Settings) -> str:
        """Where calls go: the operator's word, else the vendor's own address."""
        return settings.provider_variable(self.base_url_variable) or self.base_url

    def house_credential(self, settings: Settings) -> Credential | None:
        """What the environment gives to pay with; None when a key is needed and not set."""
        for name in self.key_variables:
            if value := settings.provider_variable(name):
                return Credential(Secret(value), self.address(settings), "local" if self.free else "env")
        return Credential(Secret(KEYLESS), self.address(settings), "local") if self.free else None


PROVIDERS: dict[str, ProviderSpec] = {
    "openai": ProviderSpec(
        key="openai",
        label="OpenAI",
        adapter="engine.providers.openai_responses:OpenAIResponses",
        base_url="https://api.openai.com/v1",
        key_variables=("OPENAI_API_KEY",),
        base_url_variable="STUDIO_OPENAI_BASE_URL",
    ),
    "anthropic": ProviderSpec(
        key="anthropic",
        label="Anthropic",
        adapter="engine.providers.anthropic_messages:AnthropicMessages",
        base_url="https://api.anthropic.com",
        key_variables=("ANTHROPIC_API_KEY",),
        base_url_variable="STUDIO_ANTHROPIC_BASE_URL",
    ),
    "google": ProviderSpec(
        key="google",
        label="Google",
        adapter="engine.providers.google_generate:GoogleGenerate",
        base_url="https://generativelanguage.googleapis.com",
        key_variables=("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        base_url_variable="STUDIO_GOOGLE_BASE_URL",
    ),
    "groq": ProviderSpec(
        key="groq",
        label="Groq",
        adapter="engine.providers.groq_chat:GroqChat",
        base_url="https://api.groq.com",
        key_variables=("GROQ_API_KEY",),
        base_url_variable="STUDIO_GROQ_BASE_URL",
    ),
    "local": ProviderSpec(
        key="local",
        label="Local model",
        adapter="engine.providers.local:Local",
        key_variables=("STUDIO_LOCAL_API_KEY",),
        base_url_variable="STUDIO_LOCAL_BASE_URL",
        free=True,
    ),
    "scripted": ProviderSpec(
        key="scripted",
        label="Scripted",
        adapter="engine.providers.scripted:ScriptFolder",
        free=True,
        offered=False,
    ),
}


@dataclass(slots=True)
class Adapters:
    """The adapters in use, one a provider. Tests hand in their own by `overrides`."""

    settings: Settings
    overrides: Mapping[str, Provider] = field(default_factory=lambda: MappingProxyType({}))
    _made: dict[str, Provider] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def get(self, key: str) -> Provider:
        """The adapter of a provider; its SDK is imported now, if it was not before.

        Raises BadInput for a provider nobody knows, ConfigError when its package is not installed.
        """
        if key in self.overrides:
            return self.overrides[key]
        if key not in PROVIDERS:
            raise BadInput(f"No provider is called {key}.", field="Provider", hint=f"Known are {', '.join(PROVIDERS)}.")
        if key in self._made:  # nobody waits here while the SDK of another provider is imported
            return self._made[key]
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(PROVIDERS[key])
            return self._made[key]

    def _make(self, spec: ProviderSpec) -> Provider:
        module, _, name = spec.adapter.partition(":")
        try:
            adapter: Provider = getattr(import_module(module), name)(self.settings)
        except ImportError as missing:
            raise ConfigError(
                f"{spec.label} cannot be used: the package {missing.name} is not installed.",
                hint="Install the packages of requirements.txt.",
            ) from None
        return adapter

    def unavailable(self, key: str) -> str | None:
        """Why a provider that needs no key cannot answer, in one sentence; None when it can."""
        available = getattr(self.get(key), "available", None)
        reason: str | None = available() if available else None
        return reason

    def local_state(self, *, ask: bool = False) -> str:
        """How it stands with the local model, in words, with the calls of this process that wait for it.

        `ask` the server that stands in for it whether it is there.
        """
        state = getattr(self.get("local"), "state", None)
        return state(ask=ask) if state else self.unavailable("local") or "ready"

    def warm_up(self) -> None:
        """Import what the first call would otherwise wait for."""
        for key in PROVIDERS:
            with suppress(ConfigError):
                self.get(key)

    def close(self) -> None:
        """End what the adapters started, such as the embedded model."""
        with self._lock:
            made, self._made = self._made, {}
        for adapter in made.values():
            if close := getattr(adapter, "close", None):
                close()
