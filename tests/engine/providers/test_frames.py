"""Reading a stream, however it is cut up or cut off."""

import itertools

import httpx2
import pytest

from engine.errors import Malformed, StreamCut
from engine.llm import StreamEvent
from engine.providers.frames import payloads
from tests.engine.providers.canned import READERS, heard, recorded, sse, text_of

STREAMS = list(READERS)


def ended(events: list[StreamEvent]) -> tuple[str, str]:
    """The text of a whole answer and why it ends."""
    assert events[-1].kind == "completed"
    assert events[-1].response.text == text_of(events)
    return events[-1].response.text, events[-1].response.finish_reason


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_cut_at_any_byte_gives_a_prefix_and_an_error_of_ours(name: str) -> None:
    stream, read = recorded(name), READERS[name]
    whole, problem = heard(read, [stream])
    assert problem is None
    ends = (None, httpx2.RemoteProtocolError("peer closed connection"), httpx2.ReadError("reset"))
    for length, end in zip(range(len(stream)), itertools.cycle(ends)):
        events, problem = heard(read, [stream[:length]], end=end)
        if problem is None:
            assert ended(events) == ended(whole)
        else:
            assert isinstance(problem, StreamCut | Malformed)
            assert text_of(whole).startswith(text_of(events))


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_how_the_bytes_are_cut_up_changes_nothing(name: str, size: int, ending: bytes) -> None:
    stream = recorded(name)
    whole, _ = heard(READERS[name], [stream])
    other = stream.replace(b"\n", ending)
    pieces = [other[start : start + size] for start in range(0, len(other), size)]
    assert heard(READERS[name], pieces) == (whole, None)


def test_comments_and_other_fields_are_skipped_and_lines_of_data_joined() -> None:
    stream = b': ping\n\nevent: a\nid: 7\ndata: {"a":\ndata:1}\nretry: 3\n\n\n\ndata\n\ndata: 2\n\ndata: unfinished'
    assert list(payloads([stream])) == [b'{"a":\n1}', b"2"]


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("frame", ["{broken", "[1]", '"text"', "null", "{}{}", "\udcff"])
def test_a_frame_that_is_not_an_object_is_malformed(name: str, frame: str) -> None:
    _, problem = heard(READERS[name], [f"data: {frame}\n\n".encode(errors="surrogateescape")])
    assert isinstance(problem, Malformed)


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("chat", '{"choices": 7}'),
        ("chat", '{"choices": [7]}'),
        ("chat", '{"choices": [{"delta": {"content": 7}}]}'),
        ("chat", '{"choices": [{"delta": {"tool_calls": [{}]}}]}'),
        ("groq", '{"choices": [{"delta": {"reasoning": [1]}}]}'),
        ("google", '{"candidates": 7}'),
        ("google", '{"candidates": [7]}'),
        ("google", '{"candidates": [{"content": {"parts": [{"text": 7}]}}]}'),
        ("google", '{"candidates": [{"content": {"parts": [{"functionCall": {}}]}}]}'),
        ("google", '{"modelVersion": 7}'),
        ("anthropic", "{}"),
        ("anthropic", '{"type": "message_start"}'),
        ("anthropic", '{"type": "message_start", "message": {"id": 7, "model": "m"}}'),
        ("anthropic", '{"type": "content_block_delta", "delta": {"type": "text_delta", "text": {}}}'),
        ("anthropic", '{"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use"}}'),
        ("anthropic", '{"type": "error"}'),
        ("responses", "{}"),
        ("responses", '{"type": "response.output_text.delta"}'),
        ("responses", '{"type": "response.output_text.delta", "delta": {}}'),
        ("responses", '{"type": "response.completed", "response": null}'),
    ],
)
def test_an_object_that_is_not_what_the_protocol_says_is_malformed(name: str, frame: str) -> None:
    events, problem = heard(READERS[name], [sse(frame)])
    assert isinstance(problem, Malformed)
    assert text_of(events) == ""


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("body", [b"", b"<html>Sign in to the network</html>", b"data: [DONE]\n\n", b"\xff\xfe\n\n"])
def test_an_answer_without_any_frame_is_malformed(name: str, body: bytes) -> None:
    events, problem = heard(READERS[name], [body])
    assert events == []
    assert isinstance(problem, Malformed)
