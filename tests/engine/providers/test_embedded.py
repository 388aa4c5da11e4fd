"""The real embedded model, and the process that it lives in."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.errors import ModelNotFound, TooLong
from engine.llm import CallControl, Provider
from engine.providers import PROVIDERS
from engine.providers.embedded import EmbeddedModel
from engine.providers.local import Local
from engine.settings import Settings
from tests.engine.providers.canned import WAIT_S, Peer, credential, hosting, question, recorded, text_of

PARENT = """
import sys
from engine.providers.embedded import EmbeddedModel
model = EmbeddedModel()
print(model.credential().base_url, flush=True)
sys.stdin.read()
"""


def connection_to(base_url: str) -> socket.socket:
    """A connection that ends when the process at its other end does."""
    address = urlsplit(base_url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=WAIT_S)


def test_a_form_is_kept_by_the_grammar(embedded: Local) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"enum": [1]}},
        "required": ["n"],
        "additionalProperties": False,
    }
    request = question("Answer in JSON.", schema=schema, seed=1)
    events = list(embedded.stream("smollm2", request, credential(), CallControl(WAIT_S)))
    assert json.loads(text_of(events)) == {"n": 1}


def test_a_text_that_does_not_fit_is_refused_before_it_is_read(embedded: Local) -> None:
    with pytest.raises(TooLong):
        list(embedded.stream("smollm2", question("word " * 9000), credential(), CallControl(WAIT_S)))


def test_a_model_that_was_killed_is_started_again_by_the_next_call(embedded: Local) -> None:
    before = embedded.embedded.credential()
    child = embedded.embedded.process_id
    assert child
    os.kill(child, signal.SIGKILL)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    events = list(embedded.stream("smollm2", question(max_output_tokens=2), credential(), CallControl(WAIT_S)))
    assert events[-1].kind == "completed"
    assert embedded.embedded.credential() != before


def test_a_model_without_its_key_answers_nobody(embedded: Local) -> None:
    with connection_to(embedded.embedded.credential().base_url) as line:
        line.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 401")


def test_the_model_is_gone_when_the_studio_was_killed() -> None:
    root = Path(__file__).parents[3]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert parent.stdout
    with connection_to(parent.stdout.readline().strip()) as line:
        parent.kill()
        parent.communicate()
        assert line.recv(1) == b""


def test_the_end_of_the_adapter_is_the_end_of_the_model() -> None:
    model = EmbeddedModel()
    with connection_to(model.credential().base_url) as line:
        model.close()
        assert line.recv(1) == b""
    assert model.process_id is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "The local model other.gguf is not there."),
        (b"", "other.gguf is not a GGUF model file."),
        (b"<html>", "other.gguf is not a GGUF model file."),
        (b"GGUF, and then nothing that makes sense", None),
    ],
)
def test_a_file_that_cannot_be_served_is_named(
    settings: Settings, tmp_path: Path, content: bytes | None, reason: str | None
) -> None:
    path = tmp_path / "other.gguf"
    if content is not None:
        path.write_bytes(content)
    local = Local(settings.model_copy(update={"local_model_path": path}))
    assert local.available() == reason
    with pytest.raises(ModelNotFound, match=reason or r"The local model other\.gguf could not be loaded\.") as missing:
        list(local.stream("other", question(), credential(), CallControl(WAIT_S)))
    assert missing.value.hint
    assert local.embedded.process_id is None


def test_without_the_packages_the_local_model_says_how_to_get_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.providers.embedded.find_spec", lambda name: None)
    local: Provider = Local(settings)
    assert Local(settings).available() == "No local model is installed."
    with pytest.raises(ModelNotFound, match=r"No local model is installed\.") as missing:
        local.check(credential())
    assert "requirements-local.txt" in missing.value.hint


def test_another_server_is_asked_when_the_operator_names_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def listen(peer: Peer) -> None:
        asked.append(peer.request())
        peer.answer(200, recorded("chat").decode())

    with hosting(listen) as host:
        monkeypatch.setenv("STUDIO_LOCAL_BASE_URL", host.url)
        settings = Settings()
        paid = PROVIDERS["local"].house_credential(settings)
        assert paid is not None
        local = Local(settings)
        assert local.available() is None
        events = list(local.stream("llama3", question(seed=7, temperature=0.5), paid, CallControl(WAIT_S)))
    assert text_of(events) == "¡Hola"
    assert local.embedded.process_id is None
    body = json.loads(asked[0][1])
    assert (body["model"], body["seed"], body["temperature"], body["max_tokens"]) == ("llama3", 7, 0.5, 16)
