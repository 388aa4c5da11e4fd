"""The wires of vendors, spoken by a real model: llama.cpp knows all but Google's."""

import json
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from engine.errors import KeyRejected, TooLong
from engine.llm import CallControl, Credential, Provider, Secret
from engine.providers import Adapters
from engine.providers.local import Local
from tests.engine.providers.canned import WAIT_S, Peer, hosting, question, text_of

pytestmark = pytest.mark.model


@pytest.fixture(params=["openai", "anthropic", "groq"])
def served(
    request: pytest.FixtureRequest, adapters: Adapters, embedded: Local
) -> Iterator[tuple[Provider, Credential]]:
    """An adapter, and the real model in the place of its vendor.

    The host between them takes Groq's prefix away, and has each connection closed: llama.cpp closes one in five
    kept ones under the next request. It asks for the likeliest words: llama.cpp sends the head of an answer in
    Anthropic's form only with its first token, and not at all when that is half a character and shows nothing yet.
    """
    real = embedded.embedded.credential()
    address = urlsplit(real.base_url)

    def pass_on(peer: Peer) -> None:
        head, body = peer.request()
        head = head.replace(" /openai/v1/", " /v1/").replace("keep-alive", "close")
        if body:
            body = json.dumps(json.loads(body) | {"temperature": 0})
            head = re.sub(r"(?i)(content-length: )\d+", rf"\g<1>{len(body)}", head)
        with socket.create_connection((address.hostname or "", address.port or 0), WAIT_S) as server:
            server.sendall(f"{head}\r\n\r\n{body}".encode())
            while more := server.recv(65536):
                peer.send(more)

    with hosting(pass_on) as host:
        url = host.url if request.param == "openai" else host.url.removesuffix("/v1")
        yield adapters.get(request.param), Credential(real.api_key, url, "user")


def ask(provider: Provider, paid: Credential, words: str = "Say hello.") -> None:
    events = list(provider.stream("smollm2", question(words, max_output_tokens=4), paid, CallControl(WAIT_S)))
    assert [events[0].kind, events[-1].kind] == ["started", "completed"]
    assert events[-1].kind == "completed"
    response = events[-1].response
    assert response.text == text_of(events) != ""
    assert response.model == "smollm2"
    assert response.usage.tokens_in > 4 and 0 < response.usage.tokens_out <= 16
    assert response.finish_reason in ("length", "stop")


def test_a_real_answer_is_read_and_counted(served: tuple[Provider, Credential]) -> None:
    ask(*served)


def test_the_real_list_has_the_model(served: tuple[Provider, Credential]) -> None:
    provider, paid = served
    assert provider.list_models(paid) == ["smollm2"]
    assert provider.check(paid) == 1


def test_a_wrong_key_is_rejected_for_real(served: tuple[Provider, Credential]) -> None:
    provider, paid = served
    wrong = Credential(Secret("not-the-key-of-this-server"), paid.base_url, "user")
    with pytest.raises(KeyRejected):
        ask(provider, wrong)
    with pytest.raises(KeyRejected):
        provider.check(wrong)


def test_a_prompt_that_does_not_fit_is_too_long_for_real(served: tuple[Provider, Credential]) -> None:
    with pytest.raises(TooLong):
        ask(*served, words="word " * 9000)
