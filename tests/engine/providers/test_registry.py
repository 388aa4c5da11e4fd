"""The registry, and the adapters made from it."""

import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.errors import BadInput, ConfigError, KeyRejected, Malformed, Overloaded, ProviderError, RateLimited
from engine.providers import PROVIDERS, Adapters, ProviderSpec
from engine.providers.scripted import Scripted
from engine.settings import Settings
from tests.engine.providers.canned import WAIT_S, Peer, credential, hosting


def test_an_adapter_is_made_once_and_an_override_takes_its_place(settings: Settings) -> None:
    scripted = Scripted()
    adapters = Adapters(settings, {"openai": scripted})
    assert adapters.get("openai") is scripted
    assert adapters.get("local") is adapters.get("local")
    adapters.close()


def test_an_unknown_provider_is_refused_by_name(settings: Settings) -> None:
    with pytest.raises(BadInput, match="No provider is called nobody"):
        Adapters(settings).get("nobody")


def test_a_missing_package_disables_only_its_provider(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROVIDERS, "absent", ProviderSpec("absent", "Absent", "absent_sdk:Adapter"))
    adapters = Adapters(settings)
    with pytest.raises(ConfigError, match="Absent cannot be used: the package absent_sdk is not installed"):
        adapters.get("absent")
    adapters.warm_up()
    assert adapters.get("scripted")
    assert adapters.local_state().startswith("smollm2 (SmolLM2")


def test_a_provider_that_is_ready_does_not_wait_for_the_import_of_another(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing, go_on = threading.Event(), threading.Event()

    def slow(settings: Settings) -> Scripted:
        importing.set()
        go_on.wait(WAIT_S)
        return Scripted()

    monkeypatch.setitem(sys.modules, "slow_sdk", SimpleNamespace(Adapter=slow))
    monkeypatch.setitem(PROVIDERS, "slow", ProviderSpec("slow", "Slow", "slow_sdk:Adapter"))
    adapters = Adapters(settings)
    ready = adapters.get("scripted")
    thread = threading.Thread(target=adapters.get, args=("slow",))
    thread.start()
    assert importing.wait(WAIT_S)
    assert adapters.get("scripted") is ready
    go_on.set()
    thread.join(WAIT_S)


def test_the_registry_loads_no_sdk() -> None:
    heavy = "'openai', 'anthropic', 'google.genai', 'groq', 'httpx', 'httpx2', 'xllamacpp'"
    program = f"import sys, engine.providers, engine.runs; print(sorted({{{heavy}}} & set(sys.modules)))"
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_environment_gives_a_key_and_its_address(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = PROVIDERS["openai"]
    assert spec.house_credential(settings) is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-house-key-1234")
    found = spec.house_credential(Settings())
    assert found is not None
    assert (found.base_url, found.source) == ("https://api.openai.com/v1", "env")
    monkeypatch.setenv("STUDIO_OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8/v1")
    found = spec.house_credential(Settings())
    assert found is not None
    assert found.base_url == "http://127.0.0.1:9/v1"
    local = PROVIDERS["local"].house_credential(settings)
    assert local is not None
    assert local.source == "local"


CLOUDS = [key for key, spec in PROVIDERS.items() if not spec.free]


@pytest.mark.parametrize("key", CLOUDS)
@pytest.mark.parametrize("body", ["", "<html>Sign in</html>", "[]", '{"data": 7, "models": 7}', "\udcff"])
def test_a_list_of_models_that_is_none_is_malformed(adapters: Adapters, key: str, body: str) -> None:
    def mumble(peer: Peer) -> None:
        peer.request()
        peer.answer(200, body, content_type="application/json")

    with hosting(mumble) as host, pytest.raises(Malformed):
        adapters.get(key).list_models(credential(host.url))


@pytest.mark.parametrize("key", CLOUDS)
@pytest.mark.parametrize(("status", "kind"), [(401, KeyRejected), (429, RateLimited), (503, Overloaded)])
def test_a_check_fails_as_the_provider_does(
    adapters: Adapters, key: str, status: int, kind: type[ProviderError]
) -> None:
    def refuse(peer: Peer) -> None:
        peer.request()
        peer.answer(status, "{}")

    with hosting(refuse) as host:
        with pytest.raises(kind):
            adapters.get(key).check(credential(host.url))
        assert host.connections == 1


def test_every_provider_names_its_key_and_its_address() -> None:
    variables = {key: (spec.key_variables, spec.base_url_variable) for key, spec in PROVIDERS.items()}
    assert variables["anthropic"] == (("ANTHROPIC_API_KEY",), "STUDIO_ANTHROPIC_BASE_URL")
    assert variables["google"] == (("GOOGLE_API_KEY", "GEMINI_API_KEY"), "STUDIO_GOOGLE_BASE_URL")
    assert variables["groq"] == (("GROQ_API_KEY",), "STUDIO_GROQ_BASE_URL")
    assert all(PROVIDERS[key].base_url.startswith("https://") for key in CLOUDS)
