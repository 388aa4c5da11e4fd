"""One walk down the chain: what each proposal comes to for one caller, and why it wins, passes or loses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from engine.accounts.actor import Actor, Standing
from engine.accounts.keys import Wallet
from engine.errors import BadInput, ModelNotFound
from engine.llm.credential import Credential
from engine.llm.refs import ModelRef
from engine.providers import PROVIDERS
from engine.routing.model_catalogue import ModelLists
from engine.routing.model_facts import facts_of
from engine.routing.route import Step, StepName, StepOutcome
from engine.routing.tables import CHOSEN_BY_USER, Tables
from engine.usage.plans import Plan

LABELS: dict[StepName, str] = {
    "user": "Your choice",
    "mode": "Mode",
    "persona": "Persona",
    "surface": "Surface",
    "default": "System default",
    "tier": "Standing",
    "fallback": "Fallback",
}
LOCAL_MODEL = "smollm2"


@dataclass(frozen=True, slots=True)
class Target:
    """What one proposal comes to."""

    provider: str
    candidates: tuple[str, ...]
    profile: str
    credential: Credential

    @property
    def own_key(self) -> bool:
        """Whether the caller pays."""
        return self.credential.source == "user"

    @property
    def free(self) -> bool:
        """Whether nobody pays."""
        return PROVIDERS[self.provider].free


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one step asks for: a profile (at a provider, when one is named) or a model.

    A `binding` one was picked for this very message: it is refused with its reason, never replaced.
    """

    name: StepName
    wish: str | None
    provider: str | None = None
    binding: bool = False

    @property
    def said(self) -> str | None:
        """The proposal in words."""
        return f"{self.wish} at {PROVIDERS[self.provider].label}" if self.provider and self.wish else self.wish


class _Unusable(Exception):
    """Why a proposal loses."""


def _anything(provider: str, model: str) -> int:
    return 0


class Chain:
    """The chain for one caller: their keys, their plan (None asks nothing), the tables in force.

    `needs` says how many tokens of a model's context the call takes.
    """

    def __init__(
        self,
        tables: Tables,
        wallet: Wallet,
        plan: Plan | None,
        lists: ModelLists,
        *,
        keyless: str,
        needs: Callable[[str, str], int] = _anything,
    ) -> None:
        self._tables = tables
        self._wallet = wallet
        self._plan = plan
        self._lists = lists
        self._keyless = keyless
        self._needs = needs

    def walk(self, proposals: tuple[Proposal, ...]) -> tuple[Target, list[Step]]:
        """The first proposal that can be used; the keyless model when there is none."""
        steps: list[Step] = []
        winner: Target | None = None
        for proposal in proposals:
            if winner is not None:
                steps.append(step_of(proposal, "not reached", "decided above"))
            elif proposal.wish is None:
                steps.append(step_of(proposal, "passed", "nothing set"))
            else:
                try:
                    winner, reason = self._target(proposal)
                    steps.append(step_of(proposal, "won", reason))
                except _Unusable as why:
                    steps.append(step_of(proposal, "lost", str(why)))
        return winner or self._keyless_target(), steps

    def clamped(self, actor: Actor, target: Target) -> tuple[Target, Step | None]:
        """An unverified person is answered by the cheap profile only, whatever won, unless it costs nobody else."""
        cheap = self._tables.unverified
        if actor.standing > Standing.UNVERIFIED or target.free or target.own_key or target.profile == cheap:
            return target, None
        found = self.first(cheap) or replace(self._keyless_target(), profile=cheap)
        return found, step_of(Proposal("tier", cheap), "won", "until your e-mail address is confirmed")

    def first(self, profile: str) -> Target | None:
        """Where a profile is served first; None when nobody serves it."""
        return next(self._served(profile), None)

    def others(self, target: Target) -> tuple[Target, ...]:
        """Who may go on when the target cannot answer: other providers of its profile, where that is allowed."""
        if target.profile not in self._tables.fallback:
            return ()
        served = self._served(target.profile)
        return tuple(each for each in served if each.provider != target.provider and self._in_plan(each))

    def _target(self, proposal: Proposal) -> tuple[Target, str]:
        """What the proposal comes to, and why it may win. Raises _Unusable, or for a binding one an error to show."""
        wish = proposal.wish or ""
        try:
            if wish in self._tables.profiles:
                target, reason = self._of_profile(proposal, wish)
            else:
                target, reason = self._of_model(wish), "picked by name"
            if not self._in_plan(target):
                raise _Unusable("not in your plan")
            if not proposal.binding and proposal.name != "default" and not self._fits(target):
                raise _Unusable("context too small")
            return target, reason
        except _Unusable as why:
            if not proposal.binding:
                raise
            hint = "Pick another model, or add a key for its provider."
            raise ModelNotFound(f"{wish} cannot be used: {why}.", hint=hint) from None
        except BadInput as problem:
            if proposal.binding:
                raise
            raise _Unusable(problem.message) from None

    def _of_model(self, wish: str) -> Target:
        ref = ModelRef.parse(wish)
        if ref is None or ref.provider not in PROVIDERS:
            raise BadInput(
                f"{wish!r} is neither a profile nor a model.",
                field="Model",
                hint=f"Profiles: {', '.join(self._tables.profile_names)}. Models are written provider:model, "
                f"with one of {', '.join(PROVIDERS)}.",
            )
        credential = self._wallet.credential(ref.provider)
        if credential is None:
            raise _Unusable(f"no key for {PROVIDERS[ref.provider].label}")
        if self._lists.retired(ref.provider, credential, ref.model):
            raise _Unusable(f"no longer listed by {PROVIDERS[ref.provider].label}")
        return Target(ref.provider, (ref.model,), CHOSEN_BY_USER, credential)

    def _of_profile(self, proposal: Proposal, profile: str) -> tuple[Target, str]:
        """Where a profile is served. The default one may be stood in for; so a plan without it still has an answer."""
        is_default = proposal.name == "default"
        stand_ins = [self._tables.stand_in, *((self._plan.profiles if self._plan else None) or ())]
        for name in [profile, *stand_ins] if is_default else [profile]:
            for target in self._served(name):
                if is_default and not self._in_plan(target):
                    continue
                if proposal.provider not in (None, target.provider):
                    continue
                if name == profile:
                    return target, f"{PROVIDERS[target.provider].label} has a key"
                lacking = "no key for" if self._plan is None or self._plan.allows(profile) else "your plan is without"
                return target, f"{lacking} {profile}, {name} instead"
        if is_default:
            return replace(self._keyless_target(), profile=profile), "no key anywhere: the local model answers"
        raise _Unusable(self._why_not(proposal, profile))

    def _why_not(self, proposal: Proposal, profile: str) -> str:
        """Why nobody serves a profile: it names no model there, there is no key, or only its models are gone."""
        wanted, cells = proposal.provider, self._tables.profiles[profile]
        asked = [name for name in self._tables.providers if name in cells and wanted in (None, name)]
        where = PROVIDERS[wanted].label if wanted else "any provider that serves it"
        if not asked:
            return f"it names no model at {PROVIDERS[wanted].label if wanted else 'any provider'}"
        has_key = any(self._wallet.source(name) for name in asked)
        return f"{'its models are no longer listed' if has_key else 'no key'} at {where}"

    def _served(self, profile: str) -> Iterator[Target]:
        for provider in self._tables.providers:
            candidates = self._tables.profiles[profile].get(provider)
            credential = self._wallet.credential(provider) if candidates else None
            if candidates and credential and not self._lists.retired(provider, credential, *candidates):
                yield Target(provider, self._lists.in_order(provider, credential, candidates), profile, credential)

    def _keyless_target(self) -> Target:
        credential = self._wallet.credential(self._keyless)
        if credential is None:
            raise ModelNotFound("No provider has a key, and there is no local model.", hint="Add a provider key.")
        return Target(self._keyless, (LOCAL_MODEL,), self._tables.default, credential)

    def _fits(self, target: Target) -> bool:
        """Whether the prompt fits, as far as an estimate can tell; so a model picked by name is asked all the same."""
        model = target.candidates[0]
        context = facts_of(target.provider, model).context
        return context is None or self._needs(target.provider, model) <= context

    def _in_plan(self, target: Target) -> bool:
        """Whether the plan allows what it pays for: nobody's plan speaks of free models or of own keys."""
        return self._plan is None or target.free or target.own_key or self._plan.allows(target.profile)


def step_of(proposal: Proposal, outcome: StepOutcome, reason: str) -> Step:
    """What became of a proposal."""
    return Step(proposal.name, LABELS[proposal.name], proposal.said, outcome, reason)
