"""Every fault at every provider, for a text and for a form: always an error of ours, charged as it says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from engine.errors import (
    BadRequest,
    KeyRejected,
    Malformed,
    ModelNotFound,
    Overloaded,
    ProviderError,
    ProviderQuota,
    ProviderTimeout,
    RateLimited,
    StreamCut,
    TooLong,
    Unreachable,
)
from engine.llm import CallControl, StreamEvent, Usage
from engine.providers import Adapters
from engine.providers.counts import Counts
from engine.settings import Settings
from tests.engine.providers.canned import (
    KEY,
    READERS,
    WAIT_S,
    Peer,
    credential,
    heard,
    hosting,
    question,
    recorded,
    text_of,
)
from tests.engine.providers.wires import WIRES, Wire
from tests.engine.vendors import Vendors

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
FORMS = ["text", "structured"]
REPLY = '{"a": "one two three four five six seven"}'
SHORT_S = 0.4


@dataclass(frozen=True, slots=True)
class Fault:
    """What the emulator does wrong, and what it becomes."""

    name: str
    kind: type[ProviderError]
    behaviour: tuple[str, dict[str, Any]]
    deadline_s: float = WAIT_S


def status(code: int, kind: type[ProviderError], **more: Any) -> Fault:
    return Fault(str(code), kind, ("fail", {"status": code, **more}))


def broken(fault: str, kind: type[ProviderError], deadline_s: float = WAIT_S, **more: Any) -> Fault:
    return Fault(fault, kind, ("stream_fault", {"kind": fault, "after_chunks": 6, **more}), deadline_s)


FAULTS = [
    status(400, BadRequest),
    status(401, KeyRejected),
    status(402, ProviderQuota),
    status(403, KeyRejected),
    status(404, ModelNotFound),
    status(413, TooLong),
    status(422, BadRequest),
    status(429, RateLimited, retry_after=7),
    status(500, Overloaded),
    status(503, Overloaded),
    status(529, Overloaded),
    Fault("slow first token", ProviderTimeout, ("slow_first_token", {"seconds": WAIT_S}), SHORT_S),
    broken("stall", ProviderTimeout, SHORT_S, stall_seconds=WAIT_S),
    broken("disconnect", StreamCut),
    broken("truncate", StreamCut),
    broken("malformed", Malformed),
]
CHARGED = {ProviderTimeout, StreamCut, Malformed}
NONSENSE = ["-5", "1000000000000000000", '"many"', "12.5", "true", "[1]", "{}", "1e400"]


@pytest.fixture(params=WIRES.values(), ids=lambda wire: wire.provider)
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


Ask = Callable[..., tuple[list[StreamEvent], ProviderError | None]]


@pytest.fixture
def ask(wire: Wire, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """Asks the provider at an address, in a text or for a form, and returns what came and how it ended."""
    monkeypatch.setenv("STUDIO_LOCAL_BASE_URL", "http://127.0.0.1:9/v1")  # not the embedded model
    adapters = Adapters(Settings())

    def asking(url: str, form: str = "text", deadline_s: float = WAIT_S) -> tuple[list[StreamEvent], Any]:
        request = question(schema=SCHEMA if form == "structured" else None)
        events: list[StreamEvent] = []
        try:
            for event in adapters.get(wire.provider).stream(
                wire.model, request, credential(url), CallControl(deadline_s)
            ):
                events.append(event)
        except ProviderError as problem:
            return events, problem
        return events, None

    yield asking
    adapters.close()


def assert_ours(problem: ProviderError | None, kind: type[ProviderError]) -> None:
    """The error is of that kind, charged as the rules say, and says no more than it may."""
    assert type(problem) is kind
    assert problem.charged is (kind in CHARGED)
    assert problem.hint
    assert problem.__suppress_context__ or problem.__context__ is None
    assert KEY not in f"{problem!r} {problem.hint}"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_becomes_an_error_of_ours_at_every_provider(
    wire: Wire, ask: Ask, vendors: Vendors, fault: Fault, form: str
) -> None:
    behaviour, more = fault.behaviour
    vendors.will("reply", text=REPLY)
    vendors.will(behaviour, **more)
    events, problem = ask(f"{vendors.url}{wire.path}", form, fault.deadline_s)
    assert_ours(problem, fault.kind)
    assert REPLY.startswith(text_of(events))
    assert all(event.kind in ("started", "text") for event in events)
    assert len(vendors.requests()) == 1
    if isinstance(problem, RateLimited):
        assert problem.retry_after == 7


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("hole", ["IN", "OUT"])
def test_counts_that_make_no_sense_leave_the_answer_uncounted(
    wire: Wire, ask: Ask, hole: str, nonsense: str, form: str
) -> None:
    usage = wire.counted(*((nonsense, "4") if hole == "IN" else ("9", nonsense)))

    def count_badly(peer: Peer) -> None:
        peer.request()
        peer.answer(200, wire.whole(usage).decode())

    with hosting(count_badly) as host:
        events, problem = ask(host.url, form)
    assert problem is None
    assert events[-1].kind == "completed"
    assert (events[-1].response.text, events[-1].response.usage) == ("Hello", Usage())


@pytest.mark.parametrize("usage", ["null", "{}", "7", '"none"', "[]"])
def test_counts_that_are_absent_leave_the_answer_uncounted(wire: Wire, usage: str) -> None:
    events, problem = heard(READERS[wire.stream], [wire.whole(usage)])
    assert problem is None
    assert events[-1].kind == "completed"
    assert events[-1].response.usage == Usage()


def test_counts_that_make_sense_are_taken(wire: Wire) -> None:
    events, problem = heard(READERS[wire.stream], [wire.whole(wire.counted("9", "4"))])
    assert problem is None
    assert events[-1].kind == "completed"
    assert events[-1].response.usage == Usage(input=9, output=4)
    assert events[0].kind == "started"
    assert events[0].request_id == events[-1].response.request_id != ""


def test_a_stream_cut_at_fifty_places_gives_a_prefix_and_an_error_of_ours(wire: Wire, ask: Ask) -> None:
    stream = recorded(wire.stream)
    whole, _ = heard(READERS[wire.stream], [stream])
    cuts = [len(stream) * place // 50 for place in range(50)]
    waiting = iter(cuts)

    def break_off(peer: Peer) -> None:
        peer.request()
        peer.begin_stream()
        peer.chunk(stream[: max(1, next(waiting))])

    with hosting(break_off) as host:
        for cut in cuts:
            events, problem = ask(host.url)
            assert text_of(whole).startswith(text_of(events))
            if problem is None:
                assert events[-1].kind == "completed" and events[-1].response.text == text_of(whole)
            else:
                assert_ours(problem, StreamCut), cut


def test_nobody_there_costs_nothing(ask: Ask) -> None:
    with hosting(lambda peer: None) as host:
        url = host.url
    assert_ours(ask(url)[1], Unreachable)


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"[]", b'{"error": "text"}', b"\xff\xfe"])
def test_a_refusal_in_any_form_is_understood(wire: Wire, ask: Ask, body: bytes) -> None:
    def refuse(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 502 X\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    with hosting(refuse) as host:
        assert_ours(ask(host.url)[1], Overloaded)


def test_a_redirection_is_not_followed(ask: Ask) -> None:
    def redirect(peer: Peer) -> None:
        peer.request()
        peer.answer(307, "{}", location="http://127.0.0.1:9/elsewhere")

    with hosting(redirect) as host:
        assert_ours(ask(host.url)[1], BadRequest)


@pytest.mark.parametrize("key", ["sk-tést-abcdefgh", "sk-test-abcdefgh\n", "sk-test\r\nHost: elsewhere", " sk-test-a"])
def test_a_key_that_no_header_can_carry_is_rejected_without_a_call(wire: Wire, adapters: Adapters, key: str) -> None:
    provider = adapters.get(wire.provider if wire.provider != "local" else "openai")
    with hosting(lambda peer: None) as host:
        bad = credential(host.url, key=key)
        with pytest.raises(KeyRejected):
            list(provider.stream(wire.model, question(), bad, CallControl(WAIT_S)))
        with pytest.raises(KeyRejected):
            provider.check(bad)
        assert host.connections == 0


def test_a_mistake_of_ours_is_logged_and_never_gets_out(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Counts, "usage", lambda *_, **__: 1 // 0)
    _, problem = heard(READERS[wire.stream], [wire.whole(wire.counted("9", "4"))])
    assert_ours(problem, Malformed)
    [record] = caplog.records
    assert (record.name, record.levelname) == ("studio.providers", "ERROR")
    assert record.exc_info and record.exc_info[0] is ZeroDivisionError


def test_what_is_no_json_is_malformed_and_not_logged_as_a_mistake(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    _, problem = heard(READERS[wire.stream], [wire.said() + b"data: {broken\n\n"])
    assert_ours(problem, Malformed)
    assert caplog.records == []
