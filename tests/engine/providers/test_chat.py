"""What the reader of chat completions makes of the ways in which servers differ."""

import pytest

from engine.errors import Overloaded, ProviderError, StreamCut, TooLong
from engine.llm import Completed, LLMResponse, ReasoningDelta, ToolCall, Usage
from engine.providers.openai_chat import read
from tests.engine.providers.canned import heard, recorded, sse, text_of

END = '{"id": "c1", "choices": [{"delta": {}, "finish_reason": "stop"}]}'


def end_of(*frames: str) -> LLMResponse:
    events, problem = heard(read, [sse(*frames)])
    assert problem is None
    assert isinstance(events[-1], Completed)
    assert text_of(events) == events[-1].response.text
    return events[-1].response


def test_the_recorded_answer_is_read_as_it_was_given() -> None:
    events, problem = heard(read, [recorded("chat")])
    assert problem is None
    assert text_of(events) == "¡Hola"
    assert events[-1].kind == "completed"
    assert events[-1].response.usage == Usage(input=40, output=4)
    assert events[-1].response.finish_reason == "length"


def test_the_five_counts_of_tokens_are_disjoint() -> None:
    usage = (
        '{"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 50, "prompt_tokens_details":'
        ' {"cached_tokens": 60, "cache_write_tokens": 10}, "completion_tokens_details": {"reasoning_tokens": 30}}}'
    )
    assert end_of(END, usage).usage == Usage(30, 60, 10, 20, 30)


def test_a_server_that_does_not_count_leaves_the_usage_empty() -> None:
    assert end_of(END).usage == Usage()
    assert end_of(END, '{"choices": [], "usage": null}').usage == Usage()


def test_what_goes_wrong_after_the_end_marker_spoils_nothing() -> None:
    for rest in (b"data: {broken", b"data: {broken}\n\n", b'data: {"error": {"message": "late"}}\n\n'):
        events, problem = heard(read, [sse(END) + rest])
        assert problem is None
        assert events[-1].kind == "completed"


@pytest.mark.parametrize(
    ("given", "ours"), [("stop", "stop"), ("length", "length"), ("content_filter", "refusal"), ("eos", "stop")]
)
def test_the_finish_reason_is_put_in_our_words(given: str, ours: str) -> None:
    assert end_of(END.replace("stop", given)).finish_reason == ours


def test_a_refusal_is_an_answer_with_its_words() -> None:
    refusal = end_of('{"choices": [{"delta": {"refusal": "No."}}]}', END)
    assert (refusal.text, refusal.finish_reason) == ("No.", "refusal")


def test_reasoning_is_told_apart_from_the_answer() -> None:
    thought = '{"choices": [{"delta": {"reasoning_content": "Hm."}}]}'
    events, _ = heard(read, [sse(thought, '{"choices": [{"delta": {"content": "Yes."}}]}', END)])
    assert ReasoningDelta("Hm.") in events
    assert text_of(events) == "Yes."


def test_the_pieces_of_a_call_of_a_tool_are_put_together() -> None:
    piece = '{"choices": [{"delta": {"tool_calls": [{"index": 0, %s}]}}]}'
    events, _ = heard(
        read,
        [
            sse(
                piece % '"id": "t1", "function": {"name": "clock", "arguments": ""}',
                piece % '"function": {"arguments": "{\\"zone\\":"}',
                piece % '"function": {"arguments": "\\"UTC\\"}"}',
                END,
            )
        ],
    )
    assert events[-2] == ToolCall("t1", "clock", '{"zone":"UTC"}')
    assert events[-1].kind == "completed"
    assert events[-1].response.finish_reason == "tool_call"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ('{"message": "no", "type": "exceed_context_size_error"}', TooLong),
        ('{"message": "no", "type": "server_error", "code": 500}', Overloaded),
        ('"in plain words"', StreamCut),
    ],
)
def test_an_error_inside_the_stream_is_raised(error: str, kind: type[ProviderError]) -> None:
    _, problem = heard(read, [sse(f'{{"error": {error}}}')])
    assert type(problem) is kind
