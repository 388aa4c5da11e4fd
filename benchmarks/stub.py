"""A vendor on loopback that answers at once: OpenAI's Responses API and chat completions, whole or streamed.

How it answers is said in the path: `/s-<milliseconds to wait>-<words>/v1/…`, a streamed answer in one chunk a word.
Answers are made once and kept, so that the stub is never what is measured. It prints its port and ends with its stdin.
"""

import asyncio
import json
import re
import sys
from functools import cache
from typing import Any

MODEL = "gpt-4.1"
_PATH = re.compile(rb"^(?:GET|POST) /s-(\d{1,5})-(\d{1,5})/v1/([a-z/]+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_STREAM = re.compile(rb'"stream": ?true')
_OK = b"HTTP/1.1 200 OK\r\nx-request-id: req_bench\r\n"


def words(count: int) -> list[str]:
    """The words of an answer. No two neighbours are alike: one peer takes equal chunks for a model gone wrong."""
    return [f"word{number % 97}" + ("." if number + 1 == count else " ") for number in range(count)]


@cache
def answer(endpoint: str, count: int, streamed: bool) -> bytes:
    """The bytes of an HTTP answer of `count` words."""
    if endpoint == "models":
        return _whole(
            {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1, "owned_by": "openai"}]}
        )
    if endpoint == "chat/completions":
        return _events(_chat_chunks(count), b"data: [DONE]\n\n") if streamed else _whole(_completion(count))
    if streamed:
        return _events(response_events(count))
    return _whole(_response("completed", count))


def _whole(body: dict[str, Any]) -> bytes:
    data = json.dumps(body).encode()
    return _OK + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data


def _events(frames: list[dict[str, Any]], *last: bytes) -> bytes:
    """Server-sent events, each in an HTTP chunk of its own."""
    named = [b"event: %s\n" % frame["type"].encode() if "type" in frame else b"" for frame in frames]
    events = [name + b"data: %s\n\n" % json.dumps(frame).encode() for name, frame in zip(named, frames, strict=True)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in [*events, *last])
    return _OK + b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def _response(status: str, count: int) -> dict[str, Any]:
    done = status == "completed"
    usage = {
        "input_tokens": 20,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": count,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 20 + count,
    }
    return {
        "id": "resp_bench",
        "object": "response",
        "created_at": 1790000000,
        "status": status,
        "model": MODEL,
        "output": [_message("completed", "".join(words(count)))] if done else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "temperature": 1.0,
        "top_p": 1.0,
        "text": {"format": {"type": "text"}},
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "usage": usage if done else None,
    }


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message(status: str, text: str = "") -> dict[str, Any]:
    content = [_part(text)] if text else []
    return {"type": "message", "id": "msg_bench", "status": status, "role": "assistant", "content": content}


def response_events(count: int) -> list[dict[str, Any]]:
    """The events of the Responses API for an answer of `count` words, numbered."""
    text, place = "".join(words(count)), {"item_id": "msg_bench", "output_index": 0, "content_index": 0}
    deltas = [{"type": "response.output_text.delta", **place, "delta": word, "logprobs": []} for word in words(count)]
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": _response("in_progress", count)},
        {"type": "response.in_progress", "response": _response("in_progress", count)},
        {"type": "response.output_item.added", "output_index": 0, "item": _message("in_progress")},
        {"type": "response.content_part.added", **place, "part": _part("")},
        *deltas,
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": _part(text)},
        {"type": "response.output_item.done", "output_index": 0, "item": _message("completed", text)},
        {"type": "response.completed", "response": _response("completed", count)},
    ]
    return [event | {"sequence_number": number} for number, event in enumerate(events)]


def _completion(count: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(words(count)), "refusal": None}
    return {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1790000000,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 20, "completion_tokens": count, "total_tokens": 20 + count},
    }


def _chat_chunks(count: int) -> list[dict[str, Any]]:
    head = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1790000000, "model": MODEL}
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": word}, None) for word in words(count)]
    deltas.append(({}, "stop"))
    return [
        head | {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": why}]}
        for delta, why in deltas
    ]


class Conversation(asyncio.Protocol):
    """One connection, kept open between requests."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or len(body) < int(length[1] if length else 0):
            return
        self._received = b""
        asked = _PATH.match(head)
        if asked is None:
            self._write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            return
        wait, count, endpoint = int(asked[1]), int(asked[2]), asked[3].decode()
        whole = answer(endpoint, count, bool(_STREAM.search(body)))
        if wait:
            asyncio.get_running_loop().call_later(wait / 1000, self._write, whole)
        else:
            self._write(whole)

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)


async def serve() -> None:
    """Serve on a free port of loopback until stdin ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Conversation, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Run, on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve())
    else:
        uvloop.run(serve())


if __name__ == "__main__":
    main()
