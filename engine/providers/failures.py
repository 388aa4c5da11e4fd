"""Every way in which a vendor fails, in the words of the house."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

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
    Refused,
    Stopped,
    StreamCut,
    TooLong,
    Unreachable,
)
from engine.llm import CallControl, Secret
from engine.providers.frames import BadFrame

LONGEST_QUOTE = 300

log = logging.getLogger("studio.providers")

_BY_CODE: dict[str, type[ProviderError]] = {
    "insufficient_quota": ProviderQuota,
    "billing_hard_limit_reached": ProviderQuota,
    "billing_not_active": ProviderQuota,
    "billing_error": ProviderQuota,
    "context_length_exceeded": TooLong,
    "exceed_context_size_error": TooLong,
    "request_too_large": TooLong,
    "model_not_found": ModelNotFound,
    "model_decommissioned": ModelNotFound,
    "not_found_error": ModelNotFound,
    "invalid_api_key": KeyRejected,
    "authentication_error": KeyRejected,
    "permission_error": KeyRejected,
    "API_KEY_INVALID": KeyRejected,
    "BILLING_DISABLED": ProviderQuota,
    "rate_limit_exceeded": RateLimited,
    "rate_limit_error": RateLimited,
    "content_filter": Refused,
    "content_policy_violation": Refused,
    "server_error": Overloaded,
    "overloaded_error": Overloaded,
    "api_error": Overloaded,
    "timeout_error": Overloaded,
}
"""The codes, types and reasons that vendors write into their reports."""
_BY_TEXT: dict[str, type[ProviderError]] = {
    "credit balance is too low": ProviderQuota,
    "prompt is too long": TooLong,
    "input token count": TooLong,
}
"""What only the text of a 400 tells."""
_BY_STATUS: dict[int, type[ProviderError]] = {
    401: KeyRejected,
    402: ProviderQuota,
    403: KeyRejected,
    404: ModelNotFound,
    408: Overloaded,
    429: RateLimited,
    498: Overloaded,  # Groq: no room in the cheaper tier
}
_WORDS: dict[type[ProviderError], tuple[str, str]] = {
    KeyRejected: ("{label} does not accept the key {key}.", "Check the key, or make a new one at the provider."),
    ModelNotFound: (
        "{label} does not offer the model {model} to this key.",
        "Choose another model, or ask the provider for access.",
    ),
    ProviderQuota: (
        "The account behind the key {key} has no credit left at {label}.",
        "Add credit there, or use another key.",
    ),
    TooLong: ("The text is too long for {model}.", "Shorten it, or choose a model that reads more."),
    Refused: ("{label} declined to answer.", "Put it differently, or choose another model."),
    ProviderTimeout: ("{label} did not finish in time.", "Try again, or choose a faster model."),
    Unreachable: ("{label} cannot be reached.", "Check the network, and that the server runs; then try again."),
    Overloaded: ("{label} failed on its side.", "Try again in a moment, or choose another model."),
    StreamCut: ("The answer of {label} broke off.", "What came is kept. Try again for a whole answer."),
    Malformed: ("{label} sent something that is not an answer.", "Try again, or choose another model."),
    BadRequest: ("{label} refused the request.", "Choose another model, or change the request."),
    Stopped: ("The answer was stopped.", "What came is kept."),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom we asked for what, with whose key."""

    label: str
    model: str
    key: Secret

    def error(self, kind: type[ProviderError], *, quote: str = "", retry_after: float | None = None) -> ProviderError:
        """An error of the house in words for people; `quote` is what the vendor said."""
        message, hint = _WORDS.get(kind, _WORDS[BadRequest])
        message = message.format(label=self.label, model=self.model, key=self.key)
        if quote:
            message = f"{message.removesuffix('.')}: {self._presentable(quote)}"
        if kind is RateLimited:
            wait = f"in {retry_after:.0f} s" if retry_after else "in a minute"
            return RateLimited(f"{self.label} asks to slow down.", retry_after=retry_after, hint=f"Try again {wait}.")
        return kind(message, hint=hint)

    def failed(self, report: Mapping[str, Any], status: int | None = None, **more: Any) -> ProviderError:
        """The error for what a vendor reports, as the body of an HTTP error or as an event of a stream."""
        kind = classify(report, status)
        quote = str(report.get("message") or "") if kind in (BadRequest, StreamCut) else ""
        return self.error(kind, quote=quote, **more)

    def _presentable(self, text: str) -> str:
        text = " ".join(text.replace(self.key.reveal(), str(self.key)).split())
        text = re.sub(r"\b(sk|gsk|AIza)[-_\w]{8,}", "…", text)
        return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def classify(report: Mapping[str, Any], status: int | None) -> type[ProviderError]:
    """The kind of a reported failure: by its code, its type, its reasons, then by the HTTP status and the text.

    Without any of them it is an event in the middle of an answer, which thereby broke off.
    """
    if status == 413:
        return TooLong
    code = report.get("code")
    reasons = [detail.get("reason") for detail in _details(report)]
    for name in (code, report.get("type"), *reasons):
        if isinstance(name, str) and name in _BY_CODE:
            return _BY_CODE[name]
    if status is None:
        if not isinstance(code, int):
            return StreamCut
        status = code
    if status == 400:
        text = str(report.get("message")).lower()
        return next((kind for words, kind in _BY_TEXT.items() if words in text), BadRequest)
    return _BY_STATUS.get(status, Overloaded if status >= 500 else BadRequest)


def unwanted(problem: Exception, wishes: Iterable[str]) -> str | None:
    """The first of these parameters of a request that a refusal names as its reason; None when it names none."""
    if _status(problem) != 400:
        return None
    report = _report(problem)
    text = f"{report.get('param')} {report.get('message')}".lower()
    return next((wish for wish in wishes if wish.partition("_")[0] in text), None)


@contextmanager
def house_words(asked: Asked, control: CallControl) -> Iterator[None]:
    """Let nothing out but errors of the house. The original is not chained: its text may hold the request."""
    try:
        yield
    except Exception as problem:
        if control.stopped:
            raise asked.error(Stopped) from None
        if isinstance(problem, ProviderError):
            raise
        raise _translate(problem, asked, control) from None


def _translate(problem: Exception, asked: Asked, control: CallControl) -> ProviderError:
    status = _status(problem)
    if status is not None and status >= 300:
        return asked.failed(_report(problem), status, retry_after=_retry_after(problem))
    cause = problem if isinstance(problem, httpx2.HTTPError) else problem.__cause__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.WriteError | httpx2.WriteTimeout):
        return asked.error(Unreachable)
    if isinstance(cause, httpx2.TimeoutException):
        return asked.error(ProviderTimeout)
    if isinstance(cause, httpx2.HTTPError) and not isinstance(cause, httpx2.DecodingError):
        return asked.error(StreamCut)
    if not isinstance(problem, BadFrame | httpx2.DecodingError):  # of a foreign form, or a mistake of ours: look at it
        log.error("%s: %s", asked.label, type(problem).__name__, exc_info=problem)
    return asked.error(Malformed)


def _status(problem: Exception) -> int | None:
    """The HTTP status that an SDK's exception stands for; the SDK of Google calls it `code`."""
    found = (getattr(problem, name, None) for name in ("status_code", "code"))
    return next((status for status in found if isinstance(status, int)), None)


def _report(problem: Exception) -> Mapping[str, Any]:
    """What the vendor said, as each SDK keeps it."""
    found = (getattr(problem, name, None) for name in ("body", "details"))
    report = next((body for body in found if isinstance(body, Mapping)), {})
    error = report.get("error")
    return error if isinstance(error, Mapping) else report


def _details(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = report.get("details")
    return [detail for detail in details if isinstance(detail, Mapping)] if isinstance(details, list) else []


def _retry_after(problem: Exception) -> float | None:
    """The seconds to wait: from the header, or from Google's `RetryInfo`."""
    headers = getattr(getattr(problem, "response", None), "headers", {})
    waits = [headers.get("retry-after"), *(detail.get("retryDelay") for detail in _details(_report(problem)))]
    found = (re.fullmatch(r"(\d{1,6}(\.\d+)?)s?", wait) for wait in waits if isinstance(wait, str))
    return next((float(wait[1]) for wait in found if wait), None)
