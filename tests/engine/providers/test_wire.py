"""Stop and the deadline reach a blocked read wherever it blocks, and connections are used again."""

import threading
from collections.abc import Callable

import pytest

from engine.errors import ProviderError, ProviderTimeout, Stopped
from engine.llm import CallControl, Provider
from engine.providers import Adapters
from tests.engine.providers.canned import WAIT_S, Peer, credential, hosting, question, text_of
from tests.engine.providers.wires import WIRES, Wire

FIRST, SECOND = "sk-test-first-key-1111", "sk-test-second-key-2222"


@pytest.fixture(params=[wire for wire in WIRES.values() if wire.provider != "local"], ids=lambda wire: wire.provider)
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


@pytest.fixture
def provider(adapters: Adapters, wire: Wire) -> Provider:
    return adapters.get(wire.provider)


def silent_before_the_head(peer: Peer, wire: Wire, reached: Callable[[], None]) -> None:
    peer.request()
    reached()
    peer.wait_until_gone()


def silent_within_the_head(peer: Peer, wire: Wire, reached: Callable[[], None]) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-")
    reached()
    peer.wait_until_gone()


def silent_after_a_word(peer: Peer, wire: Wire, reached: Callable[[], None]) -> None:
    peer.request()
    peer.begin_stream()
    peer.chunk(wire.said())
    reached()
    peer.wait_until_gone()


Silence = Callable[[Peer, Wire, Callable[[], None]], None]
SILENCES = [silent_before_the_head, silent_within_the_head, silent_after_a_word]


@pytest.mark.parametrize("silence", SILENCES)
def test_stop_breaks_a_blocked_read_and_closes_the_connection(provider: Provider, wire: Wire, silence: Silence) -> None:
    control = CallControl(10 * WAIT_S)
    with hosting(lambda peer: silence(peer, wire, control.stop)) as host:
        with pytest.raises(Stopped):
            list(provider.stream("m", question(), credential(host.url), control))
        assert host.left.wait(WAIT_S)


@pytest.mark.parametrize("silence", SILENCES)
def test_the_deadline_breaks_a_blocked_read(provider: Provider, wire: Wire, silence: Silence) -> None:
    with hosting(lambda peer: silence(peer, wire, lambda: None)) as host, pytest.raises(ProviderTimeout):
        list(provider.stream("m", question(), credential(host.url), CallControl(0.3)))


def test_a_sign_of_life_does_not_move_the_deadline(provider: Provider, wire: Wire) -> None:
    over = threading.Event()

    def keep_alive(peer: Peer) -> None:
        peer.request()
        peer.begin_stream()
        while not over.wait(0.01):
            peer.chunk(b": still here\n\n")

    with hosting(keep_alive) as host, pytest.raises(ProviderTimeout):
        list(provider.stream("m", question(), credential(host.url), CallControl(0.3)))
    over.set()


def test_a_late_stop_does_not_touch_the_connection_that_another_call_uses(provider: Provider, wire: Wire) -> None:
    first, second = CallControl(WAIT_S), CallControl(WAIT_S)

    def two_answers(peer: Peer) -> None:
        peer.request()
        peer.answer(200, wire.whole().decode())
        peer.request()
        peer.begin_stream()
        peer.chunk(wire.said())
        first.stop()
        peer.chunk(wire.whole())
        peer.chunk(b"")

    with hosting(two_answers) as host:
        list(provider.stream("m", question(), credential(host.url), first))
        answer = list(provider.stream("m", question(), credential(host.url), second))
        assert text_of(answer) == "HelloHello"
        assert host.connections == 1


def test_keys_share_a_connection_but_never_a_key(provider: Provider, wire: Wire) -> None:
    heads: list[str] = []

    def listen(peer: Peer) -> None:
        while head := peer.request()[0]:
            heads.append(head)
            peer.answer(200, wire.whole().decode(), set_cookie="who=me")

    with hosting(listen) as host:
        for key in (FIRST, SECOND, FIRST):
            list(provider.stream("m", question(), credential(host.url, key=key), CallControl(WAIT_S)))
        assert host.connections == 1
    assert [head.count(FIRST) for head in heads] == [1, 0, 1]
    assert [head.count(SECOND) for head in heads] == [0, 1, 0]
    assert "who=me" not in heads[1]


def test_an_answer_that_is_left_in_the_middle_frees_its_connection(provider: Provider, wire: Wire) -> None:
    with hosting(lambda peer: silent_after_a_word(peer, wire, lambda: None)) as host:
        events = provider.stream("m", question(), credential(host.url), CallControl(WAIT_S))
        assert [next(events).kind, next(events).kind] == ["started", "text"]
        events.close()  # type: ignore[attr-defined]
        assert host.left.wait(WAIT_S)


def test_an_answer_that_is_whole_does_not_wait_for_its_connection(provider: Provider, wire: Wire) -> None:
    def linger(peer: Peer) -> None:
        peer.request()
        peer.begin_stream()
        peer.chunk(wire.whole())
        peer.wait_until_gone()

    control = CallControl(10 * WAIT_S)
    with hosting(linger) as host:
        assert text_of(list(provider.stream("m", question(), credential(host.url), control))) == "Hello"
        assert host.left.wait(WAIT_S)


def test_the_key_is_in_no_traceback_of_ours(provider: Provider, wire: Wire) -> None:
    with hosting(lambda peer: peer.answer(500, "{}")) as host, pytest.raises(ProviderError) as failed:
        list(provider.stream("m", question(), credential(host.url), CallControl(WAIT_S)))
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
