"""The registry, and the adapters made from it."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import BadInput, ConfigError, Malformed
from engine.providers import PROVIDERS, Adapters, ProviderSpec
from engine.providers.scripted import Scripted
from engine.settings import Settings
from tests.engine.providers.canned import Peer, credential, hosting


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


def test_the_registry_loads_no_sdk() -> None:
    heavy = "'openai', 'httpx', 'httpx2', 'xllamacpp'"
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


@pytest.mark.parametrize("body", ["", "<html>Sign in</html>", "[]", '{"data": 7}'])
def test_a_list_of_models_that_is_none_is_malformed(adapters: Adapters, body: str) -> None:
    def mumble(peer: Peer) -> None:
        peer.request()
        peer.answer(200, body, content_type="application/json")

    with hosting(mumble) as host, pytest.raises(Malformed):
        adapters.get("openai").list_models(credential(host.url))
