"""The local model's state in words, and the calls that it has or that wait for it."""

import json
import threading

import pytest

from engine.llm import CallControl
from engine.providers import PROVIDERS, Adapters
from engine.providers.local import Local
from engine.settings import Settings
from tests.engine.providers.canned import WAIT_S, Peer, hosting, question, recorded
from tests.engine.waiting import until


def test_calls_are_counted_until_they_leave(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def slow(peer: Peer) -> None:
        if peer.request()[0]:
            assert go_on.wait(WAIT_S)
            peer.answer(200, recorded("chat").decode())

    with hosting(slow) as host:
        monkeypatch.setenv("STUDIO_LOCAL_BASE_URL", host.url)
        adapters = Adapters(Settings())
        server, house = host.url.removesuffix("/v1"), PROVIDERS["local"].house_credential(adapters.settings)
        assert house is not None
        assert adapters.local_state() == f"{server}, idle"

        def ask() -> None:
            list(adapters.get("local").stream("llama3", question(), house, CallControl(WAIT_S)))

        callers = [threading.Thread(target=ask) for _ in range(3)]
        callers[0].start()
        until(lambda: adapters.local_state() == f"{server}, answering")
        for caller in callers[1:]:
            caller.start()
        until(lambda: adapters.local_state() == f"{server}, answering 3 calls")
        go_on.set()
        for caller in callers:
            caller.join(WAIT_S)
        assert adapters.local_state() == f"{server}, idle"
        adapters.close()


def test_the_embedded_model_has_one_slot_before_which_the_others_wait(settings: Settings) -> None:
    local = Local(settings)
    assert local.state().startswith("smollm2 (SmolLM2-135M-Instruct.Q4_1.gguf, ") and local.state().endswith(", idle")
    with local._counted():
        assert local.state().endswith(", answering")
        with local._counted():
            assert local.state().endswith(", answering, 1 waiting")
    assert local.state().endswith(", idle")


def test_another_server_answers_with_the_model_that_it_has(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def server(peer: Peer) -> None:
        head, body = peer.request()
        asked.append((head.split()[1], json.loads(body)["model"] if body else None))
        models = json.dumps({"object": "list", "data": [{"id": "llama3", "object": "model"}]})
        peer.answer(200, recorded("chat").decode() if body else models)

    with hosting(server) as host:
        monkeypatch.setenv("STUDIO_LOCAL_BASE_URL", host.url)
        local = Local(Settings())
        house = PROVIDERS["local"].house_credential(Settings())
        assert house is not None
        for _ in range(2):
            list(local.stream("smollm2", question(), house, CallControl(WAIT_S)))
    assert asked == [("/v1/models", None), *[("/v1/chat/completions", "llama3")] * 2]
