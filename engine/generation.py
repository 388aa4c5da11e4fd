"""The one line that every model call takes: resolve, admit, stream, settle.

Nothing else calls a provider. No transaction is open while a model writes; whatever happens between admit and
settle, settle is reached, and if the process dies the lease settles in its place.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from engine.accounts.actor import Actor
from engine.errors import (
    AIDisabled,
    BadRequest,
    DatabaseError,
    ModelNotFound,
    ProviderError,
    Stopped,
    StreamCut,
    StudioError,
)
from engine.llm import CallControl, LLMRequest, LLMResponse, StreamEvent, Usage, estimate_tokens
from engine.llm.tokens import Measure, as_estimated
from engine.providers import PROVIDERS, Adapters
from engine.retry import retrying, while_database_is_away
from engine.routing.model_facts import facts_of
from engine.routing.route import Length, Resolved, Route, Step
from engine.routing.router import Router
from engine.usage.guard import Admission, Call, Guard, Outcome
from engine.usage.heartbeat import Heartbeat
from engine.usage.prices import Cost, PriceBook

SETTLE_PATIENCE_S = 30.0
BEYOND_BELIEF = 10

logger = logging.getLogger(__name__)

Listener = Callable[[StreamEvent], None]


@dataclass(frozen=True, slots=True)
class CallContext:
    """Where a call comes from and on whose behalf. `unasked`: nobody pressed a button for it.

    `preferred_profile` is the persona's; it stands where the mode proposes nothing.
    A call of a scene takes from the scene's budget, `scene_cap_nano` (None: counted only). `step` names the step of the
    mode's pipeline that the call is.
    """

    surface: str
    mode: str = ""
    model: str = ""
    persona_key: str | None = None
    persona_version: int | None = None
    idempotency_key: str | None = None
    unasked: bool = False
    scene_id: str | None = None
    scene_cap_nano: int | None = None
    step: str = ""
    preferred_profile: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its receipt. `cost_usd` is None when nobody knows the price."""

    text: str
    response: LLMResponse
    route: Route
    cost_usd: Decimal | None
    latency_ms: int
    first_token_ms: int | None
    admission_id: UUID

    @property
    def usage(self) -> Usage:
        """The tokens of all attempts together."""
        return self.response.usage


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one settled call came to, whatever its end was. `cost_usd` is None when nobody knows the price."""

    route: Route
    usage: Usage
    cost_usd: Decimal | None
    first_token_ms: int | None


Settled = Callable[[Receipt], None]


@dataclass(slots=True)
class _Progress:
    """What is known of a call so far; settle reads it, however the call ends."""

    began: float
    model: str
    most_in: int
    most_out: int
    free: bool
    settled: Settled | None = None
    text: list[str] = field(default_factory=list)
    first_token: float | None = None
    ended: float | None = None
    attempts: int = 0
    spent: Usage = field(default_factory=Usage)
    response: LLMResponse | None = None
    counted: bool = False

    @classmethod
    def of(cls, request: LLMRequest, route: Route, settled: Settled | None) -> "_Progress":
        most_in, most_out = request.most_input_tokens, request.max_output_tokens
        return cls(time.monotonic(), route.model, most_in, most_out, route.free, settled)

    def hear(self, event: StreamEvent) -> None:
        if event.kind in ("text", "reasoning", "tool_call") and self.first_token is None:
            self.first_token = time.monotonic()
        if event.kind == "text":
            self.text.append(event.text)
        elif event.kind == "completed":
            self.response = event.response
            usage = event.response.usage
            if self.free:
                self.model = event.response.model  # a local server says itself which model it has
            self.counted = usage.tokens_in + usage.tokens_out > 0 and self.believable(usage)
            if self.counted:
                self.spent += usage

    def believable(self, usage: Usage) -> bool:
        """Whether a provider's count can be true; what is far beyond the bounds of the request is estimated instead."""
        return usage.tokens_in <= BEYOND_BELIEF * self.most_in and usage.tokens_out <= BEYOND_BELIEF * self.most_out

    @property
    def begun(self) -> bool:
        """Whether words have come, for which the provider may charge."""
        return self.first_token is not None

    @property
    def refused(self) -> bool:
        """Whether the model declined to answer."""
        return self.response is not None and self.response.finish_reason == "refusal"

    @property
    def latency_ms(self) -> int:
        return round(((self.ended or time.monotonic()) - self.began) * 1000)

    @property
    def first_token_ms(self) -> int | None:
        return None if self.first_token is None else round((self.first_token - self.began) * 1000)


class Generation:
    """Answers requests. Synchronous: events go to the listener, the return value is the whole answer.

    `measure` puts our estimate of a prompt right for a model.
    """

    def __init__(
        self,
        router: Router,
        guard: Guard,
        prices: PriceBook,
        adapters: Adapters,
        heartbeat: Heartbeat,
        *,
        ai_enabled: bool,
        deadline_s: float,
        measure: Measure = as_estimated,
    ) -> None:
        self._router = router
        self._guard = guard
        self._prices = prices
        self._adapters = adapters
        self._heartbeat = heartbeat
        self._ai_enabled = ai_enabled
        self._deadline_s = deadline_s
        self._measure = measure

    def generate(
        self,
        actor: Actor,
        request: LLMRequest,
        context: CallContext,
        *,
        listener: Listener | None = None,
        control: CallControl | None = None,
        settled: Settled | None = None,
    ) -> Answer:
        """Answer `request` for `actor`; `listener` hears every event as it comes.

        `settled` hears what each admitted call came to, also where this ends in an error.
        Raises any child of NotAllowed before a provider was called, and of ProviderError after.
        """
        if not self._ai_enabled:
            raise AIDisabled("AI is switched off by the operator.", hint="Everything but asking a model still works.")
        control = control or CallControl(self._deadline_s)
        waiting = self._route(actor, request, context)
        while True:
            chosen = waiting.pop(0)
            progress = _Progress.of(request, chosen.route, settled)
            try:
                return self._answered(actor, request, context, chosen, control, progress, listener)
            except ProviderError as problem:
                if progress.begun or not waiting or not problem.elsewhere or control.stopped:
                    raise
                waiting[0] = _instead(waiting[0], chosen, problem)

    def _route(self, actor: Actor, request: LLMRequest, context: CallContext) -> list[Resolved]:
        """Who answers, and who may go on in their place."""
        resolved = self._router.resolve(
            actor,
            surface=context.surface,
            mode=context.mode,
            model=context.model,
            structured=request.schema is not None,
            step=context.step,
            preferred_profile=context.preferred_profile,
            length=Length(estimated=request.estimated_input_tokens, answer=request.max_output_tokens),
        )
        return [resolved, *resolved.others]

    def _answered(
        self,
        actor: Actor,
        request: LLMRequest,
        context: CallContext,
        resolved: Resolved,
        control: CallControl,
        progress: _Progress,
        listener: Listener | None,
    ) -> Answer:
        """One admission and what comes of it."""
        admission = self._guard.admit(actor, self._call(request, context, resolved.route))
        with self._heartbeat.of(admission, control):
            cost = self._stream(request, resolved, admission, control, progress, listener)
        return _answer(progress, resolved.route, cost, admission)

    def _stream(
        self,
        request: LLMRequest,
        resolved: Resolved,
        admission: Admission,
        control: CallControl,
        progress: _Progress,
        listener: Listener | None,
    ) -> Cost | None:
        """Hear the answer to its end and settle, whatever that end is; returns what it cost."""
        failure: StudioError | None = None
        try:
            for event in self._attempts(request, resolved, control, progress):
                progress.hear(event)
                if listener:
                    listener(event)
        except StudioError as problem:
            failure = problem
            raise
        except BaseException:
            failure = Stopped("The answer was interrupted.")
            raise
        finally:
            progress.ended = time.monotonic()
            cost = self._settle(admission, request, resolved.route, progress, failure)
        return cost

    def _attempts(
        self, request: LLMRequest, resolved: Resolved, control: CallControl, progress: _Progress
    ) -> Iterator[StreamEvent]:
        """The stream of the first candidate that the provider knows; a structured call may fall back to plain text."""
        waiting = list(resolved.candidates)
        while True:
            progress.model = waiting.pop(0)
            asked = facts_of(resolved.route.provider, progress.model).fitting(request)
            try:
                yield from self._tries(asked, resolved, control, progress)
                if asked.schema is None or "".join(progress.text).strip() or progress.refused:
                    return
            except ModelNotFound:
                if progress.begun or not waiting:
                    raise
                continue
            except BadRequest:
                if progress.begun or asked.schema is None:
                    raise
            request = replace(request, schema=None)
            waiting.insert(0, progress.model)

    def _tries(
        self, request: LLMRequest, resolved: Resolved, control: CallControl, progress: _Progress
    ) -> Iterator[StreamEvent]:
        """The stream of one model, asked again where that can cost nothing."""
        provider = self._adapters.get(resolved.route.provider)
        for attempt in retrying(control, begun=lambda: progress.begun):
            with attempt:
                progress.attempts += 1
                yield from provider.stream(progress.model, request, resolved.credential, control)

    def _call(self, request: LLMRequest, context: CallContext, route: Route) -> Call:
        hold = self._prices.hold(route.provider, route.model, request.most_input_tokens, request.max_output_tokens)
        return Call(
            surface=context.surface,
            mode=context.mode or "general",
            provider=route.provider,
            model=route.model,
            profile=route.profile,
            key_source=route.key_source,
            tier=route.tier,
            persona_key=context.persona_key,
            persona_version=context.persona_version,
            idempotency_key=context.idempotency_key,
            body_hash=_hash_of(request) if context.idempotency_key else None,
            units=0 if context.unasked and route.free else 1,
            hold_nano=hold,
            scene_id=context.scene_id,
            scene_cap_nano=context.scene_cap_nano,
        )

    def _settle(
        self, admission: Admission, request: LLMRequest, route: Route, progress: _Progress, failure: StudioError | None
    ) -> Cost | None:
        """Write the outcome down. A database that fails here takes nothing from the reader: the lease will settle."""
        if failure is None and progress.response is None:
            failure = StreamCut("The answer ended without its end marker.")
        paid = progress.begun or progress.counted  # an earlier attempt may have been billed
        charged = failure is None or paid or (isinstance(failure, ProviderError) and failure.charged)
        if charged and not progress.counted:
            said = estimate_tokens("".join(progress.text))
            read = self._measure(route.provider, progress.model, request.estimated_input_tokens)
            progress.spent += Usage(input=read, output=said)
        usage = progress.spent
        cost = self._prices.cost(route.provider, progress.model, usage)
        outcome = Outcome(
            status="ok" if failure is None else "stopped" if isinstance(failure, Stopped) else "failed",
            charged=charged,
            usage=usage,
            cost=cost,
            estimated=charged and not progress.counted,
            attempts=progress.attempts,
            latency_ms=progress.latency_ms,
            first_token_ms=progress.first_token_ms,
            error_code=failure.code if failure else None,
            model=progress.model,
            guessed=request.estimated_input_tokens if _comparable(request, progress) else None,
        )
        self._write_down(admission, outcome)
        if progress.settled is not None:
            at = replace(route, model=progress.model)
            progress.settled(Receipt(at, usage, cost.usd if cost else None, progress.first_token_ms))
        return cost

    def _write_down(self, admission: Admission, outcome: Outcome) -> None:
        """Settle, again and again while the database is away. Settling twice is settling once."""
        try:
            while_database_is_away(SETTLE_PATIENCE_S)(self._guard.settle, admission, outcome)
        except DatabaseError as problem:
            logger.error("call %s was not settled and keeps its lease: %s", admission.id, problem.message)


def _answer(progress: _Progress, route: Route, cost: Cost | None, admission: Admission) -> Answer:
    if progress.response is None:
        raise StreamCut("The answer ended without its end marker.", hint="Ask again.")
    return Answer(
        text=progress.response.text,
        response=replace(progress.response, usage=progress.spent),
        route=replace(route, model=progress.model),
        cost_usd=cost.usd if cost else None,
        latency_ms=progress.latency_ms,
        first_token_ms=progress.first_token_ms,
        admission_id=admission.id,
    )


def _comparable(request: LLMRequest, progress: _Progress) -> bool:
    """Whether the provider's count is that of the prompt alone, so that it tells how good our estimate of it is."""
    return progress.counted and progress.attempts == 1 and request.schema is None and not request.tools


def _instead(other: Resolved, failed: Resolved, problem: ProviderError) -> Resolved:
    """Another provider in the place of one that failed; its route says so."""
    here, there = (PROVIDERS[each.route.provider].label for each in (other, failed))
    step = Step("fallback", "Fallback", here, "won", f"{there}: {problem.message}")
    return replace(other, route=replace(other.route, steps=(*failed.route.steps, step)))


def _hash_of(request: LLMRequest) -> bytes:
    return hashlib.sha256(repr(request).encode()).digest()
