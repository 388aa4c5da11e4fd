"""Nothing secret in a log: every record is cleaned where it is made, before any handler sees it.

Cleaned is what looks like a key, and what this process knows to be one: each `Secret` remembers its value here, so
a key without a known form is found as well.
"""

import logging
import re
import sys
import threading
from collections import OrderedDict
from types import TracebackType
from typing import Any

MOST_REMEMBERED = 4096
SHORTEST_REMEMBERED = 8
HIDDEN = "…"

_LOOKS_SECRET = re.compile(
    r"""
      \b(?:sk|gsk|rk|pk)[-_][A-Za-z0-9_\-]{8,}     # OpenAI, Anthropic, Groq
    | \bAIza[A-Za-z0-9_\-]{16,}                    # Google
    | (?<=[?&]key=)[^&\s"']+                       # a key in an address
    | (?<=Bearer\ )[A-Za-z0-9._~+/=\-]{8,}
    | (?<=://)[^/\s:@]*:[^/\s@]+(?=@)              # user and password in an address
    """,
    re.VERBOSE | re.IGNORECASE,
)
_known: "OrderedDict[str, None]" = OrderedDict()
_lock = threading.Lock()
_plain_factory = logging.getLogRecordFactory()


def remember(value: str) -> None:
    """Clean this text from every log from now on. The oldest of very many are forgotten."""
    if len(value) >= SHORTEST_REMEMBERED:
        with _lock:
            _known[value] = None
            _known.move_to_end(value)
            if len(_known) > MOST_REMEMBERED:
                _known.popitem(last=False)


def redacted(text: str) -> str:
    """The text without anything that is or looks like a key."""
    with _lock:
        known = [value for value in _known if value in text]
    for value in sorted(known, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return _LOOKS_SECRET.sub(HIDDEN, text)


def install() -> None:
    """Clean all log records of this process, and what ends a thread or the process unexpectedly."""
    logging.setLogRecordFactory(_clean_record)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda end: _log_uncaught(end.exc_type, end.exc_value, end.exc_traceback)


def _clean_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = _plain_factory(*args, **kwargs)
    try:
        record.msg, record.args = redacted(record.getMessage()), ()
    except (TypeError, ValueError):
        record.msg, record.args = redacted(str(record.msg)), ()
    if record.exc_info:
        record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        record.exc_info = None
    return record


def _log_uncaught(kind: type[BaseException], problem: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("studio").critical("unexpected end", exc_info=(kind, problem or kind(), trace))
