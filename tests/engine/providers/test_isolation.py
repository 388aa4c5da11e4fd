"""A key goes to its own address and pays for its own calls, whatever the environment and the neighbours say."""

import threading
from collections import Counter

import pytest

from engine.llm import CallControl
from engine.providers import PROVIDERS, Adapters
from engine.settings import Settings
from tests.engine.providers.canned import WAIT_S, Peer, credential, hosting, question, text_of
from tests.engine.providers.wires import WIRES, Wire

NOWHERE = "http://127.0.0.1:9"
ENVIRONMENT = {
    **{f"{name}_BASE_URL": NOWHERE for name in ("OPENAI", "ANTHROPIC", "GROQ", "GOOGLE_GEMINI", "GOOGLE_VERTEX")},
    **{f"{name}_CUSTOM_HEADERS": "Authorization: Bearer someone-else" for name in ("OPENAI", "ANTHROPIC", "GROQ")},
    **{f"{name}_API_KEY": "someone-else" for name in ("OPENAI", "ANTHROPIC", "GROQ", "GOOGLE", "GEMINI")},
    **dict.fromkeys(("ANTHROPIC_AUTH_TOKEN", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"), "someone-else"),
    **dict.fromkeys(("GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"), "true"),
    **dict.fromkeys(("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"), "someone-else"),
    "GOOGLE_GENAI_API_VERSION": "v9",
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE),
}
CLOUDS = [wire for wire in WIRES.values() if wire.provider != "local"]


@pytest.mark.parametrize("wire", CLOUDS, ids=lambda wire: wire.provider)
def test_no_environment_variable_redirects_a_key_or_takes_its_place(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    heads = []

    def listen(peer: Peer) -> None:
        while head := peer.request()[0]:
            heads.append(head)
            peer.answer(200, wire.whole().decode())

    keys = [f"sk-test-{when}-1234" for when in ("before", "after")]
    with hosting(listen) as host:
        for key in keys:
            paid, provider = credential(host.url, key=key), Adapters(settings).get(wire.provider)
            events = list(provider.stream(wire.model, question(), paid, CallControl(WAIT_S)))
            assert text_of(events) == "Hello"
            for name, value in ENVIRONMENT.items():
                monkeypatch.setenv(name, value)
    before, after = heads
    assert before.replace(keys[0], keys[1]) == after
    assert after.count(keys[1]) == 1


@pytest.mark.parametrize("wire", CLOUDS, ids=lambda wire: wire.provider)
def test_the_house_pays_only_at_the_address_of_the_registry_or_of_the_operator(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    spec = PROVIDERS[wire.provider]
    house = spec.house_credential(Settings())
    assert house is not None
    assert (house.base_url, house.source) == (spec.base_url, "env")
    monkeypatch.setenv(spec.base_url_variable, "http://127.0.0.1:8")
    house = spec.house_credential(Settings())
    assert house is not None
    assert house.base_url == "http://127.0.0.1:8"


@pytest.mark.parametrize("wire", CLOUDS, ids=lambda wire: wire.provider)
def test_two_keys_at_once_never_mix(wire: Wire, adapters: Adapters) -> None:
    keys = [f"sk-test-number-{number}-abcd" for number in range(2)]
    seen: list[str] = []

    def listen(peer: Peer) -> None:
        while received := "".join(peer.request()):
            [key] = [key for key in keys if key in received]
            seen.append(key)
            peer.answer(200, wire.whole().decode().replace("Hello", key))

    def call(key: str, url: str, answers: list[str]) -> None:
        for _ in range(10):
            paid = credential(url, key=key)
            events = adapters.get(wire.provider).stream(wire.model, question(key), paid, CallControl(WAIT_S))
            answers.append(text_of(list(events)))

    heard: dict[str, list[str]] = {key: [] for key in keys}
    with hosting(listen) as host:
        threads = [threading.Thread(target=call, args=(key, host.url, heard[key])) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
    assert heard == {key: [key] * 10 for key in keys}
    assert Counter(seen) == dict.fromkeys(keys, 10)
