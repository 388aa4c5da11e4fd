"""The chain that picks provider, model and key: user, mode, surface, default; then the tier's clamp.

A step that proposes nothing passes; one whose proposal cannot be used loses with its reason and the next is
asked. The model picked for this very message is never replaced: it is refused with the reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from db.session import Database
from engine.accounts.actor import Actor, Standing
from engine.accounts.keys import Keys, Wallet
from engine.errors import BadInput, ModelNotFound, TierTooLow
from engine.llm.credential import Credential
from engine.llm.refs import ModelRef
from engine.providers import PROVIDERS
from engine.routing.model_catalogue import ModelLists
from engine.routing.route import Resolved, Route, Step, StepName, StepOutcome
from engine.routing.tables import CHOSEN_BY_USER, Tables
from engine.usage.plans import Plan
from engine.usage.policy import plan_of

LABELS: dict[StepName, str] = {
    "user": "Your choice",
    "mode": "Mode",
    "surface": "Surface",
    "default": "System default",
    "tier": "Standing",
}
LOCAL_MODEL = "smollm2"


@dataclass(frozen=True, slots=True)
class Target:
    """What one proposal comes to."""

    provider: str
    candidates: tuple[str, ...]
    profile: str
    credential: Credential


@dataclass(frozen=True, slots=True)
class _Proposal:
    name: StepName
    wish: str | None
    binding: bool = False


class _Unusable(Exception):
    """Why a proposal loses."""


class Router:
    """Resolves calls. Reads the tables, the keys and the person's preference; calls nobody."""

    def __init__(
        self, tables: Tables, keys: Keys, lists: ModelLists, database: Database, *, keyless_provider: str
    ) -> None:
        self._tables = tables
        self._keys = keys
        self._lists = lists
        self._database = database
        self._keyless = keyless_provider

    def resolve(
        self, actor: Actor, *, surface: str, mode: str = "", model: str = "", structured: bool = False
    ) -> Resolved:
        """Pick who answers. `model` is what was picked for this very message: a model or a profile.

        Raises TierTooLow when the surface asks for more standing, BadInput for an unknown surface, mode or
        model, and ModelNotFound when the picked model cannot be used.
        """
        place = self._tables.surface(surface)
        if actor.standing < place.standing:
            raise TierTooLow(
                f"{surface} asks for a confirmed e-mail address.", hint="Confirm your address, or ask an administrator."
            )
        profile = place.structured_model_profile if structured else None
        preference, plan = self._person(actor)
        proposals = (
            _Proposal("user", model or preference, binding=bool(model)),
            _Proposal("mode", self._tables.mode(mode or place.mode).model_profile),
            _Proposal("surface", profile or place.model_profile),
            _Proposal("default", self._tables.default),
        )
        wallet = self._keys.wallet(actor)
        target, steps = self._walk(wallet, plan, proposals)
        target, steps = self._clamp(actor, wallet, target, steps)
        return self._resolved(actor, target, steps)

    def _walk(self, wallet: Wallet, plan: Plan | None, proposals: tuple[_Proposal, ...]) -> tuple[Target, list[Step]]:
        steps: list[Step] = []
        winner: Target | None = None
        for proposal in proposals:
            if winner is not None:
                steps.append(_step(proposal, "not reached", "decided above"))
            elif proposal.wish is None:
                steps.append(_step(proposal, "passed", "nothing set"))
            else:
                try:
                    winner, reason = self._target(wallet, plan, proposal)
                    steps.append(_step(proposal, "won", reason))
                except _Unusable as why:
                    steps.append(_step(proposal, "lost", str(why)))
        if winner is None:
            winner = self._keyless_target(wallet)
        return winner, steps

    def _target(self, wallet: Wallet, plan: Plan | None, proposal: _Proposal) -> tuple[Target, str]:
        """What the proposal comes to, and why it may win. Raises _Unusable, or for a binding one an error to show."""
        wish = proposal.wish or ""
        try:
            if wish in self._tables.profiles:
                target, reason = self._of_profile(wallet, plan, wish, is_default=proposal.name == "default")
            else:
                target, reason = self._of_model(wallet, wish), "picked by name"
            if not _in_plan(plan, target):
                raise _Unusable("not in your plan")
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

    def _of_model(self, wallet: Wallet, wish: str) -> Target:
        ref = ModelRef.parse(wish)
        if ref is None or ref.provider not in PROVIDERS:
            raise BadInput(
                f"{wish!r} is neither a profile nor a model.",
                field="Model",
                hint=f"Profiles: {', '.join(self._tables.profile_names)}. Models are written provider:model, "
                f"with one of {', '.join(PROVIDERS)}.",
            )
        credential = wallet.credential(ref.provider)
        if credential is None:
            raise _Unusable(f"no key for {PROVIDERS[ref.provider].label}")
        return Target(ref.provider, (ref.model,), CHOSEN_BY_USER, credential)

    def _of_profile(self, wallet: Wallet, plan: Plan | None, profile: str, *, is_default: bool) -> tuple[Target, str]:
        """Where a profile is served. The default one may be stood in for; so a plan without it still has an answer."""
        stand_ins = [self._tables.stand_in, *((plan.profiles if plan else None) or ())]
        for name in [profile, *stand_ins] if is_default else [profile]:
            for target in self._served(wallet, name):
                if is_default and not _in_plan(plan, target):
                    continue
                if name == profile:
                    return target, f"{PROVIDERS[target.provider].label} has a key"
                lacking = "no key for" if plan is None or plan.allows(profile) else "your plan is without"
                return target, f"{lacking} {profile}, {name} instead"
        if not is_default:
            raise _Unusable("no key at any provider that serves it")
        return replace(self._keyless_target(wallet), profile=profile), "no key anywhere: the local model answers"

    def _served(self, wallet: Wallet, profile: str) -> Iterator[Target]:
        for provider in self._tables.providers:
            candidates = self._tables.profiles[profile].get(provider)
            credential = wallet.credential(provider) if candidates and provider in PROVIDERS else None
            if candidates and credential:
                yield Target(provider, self._lists.in_order(provider, credential, candidates), profile, credential)

    def _keyless_target(self, wallet: Wallet) -> Target:
        credential = wallet.credential(self._keyless)
        if credential is None:
            raise ModelNotFound("No provider has a key, and there is no local model.", hint="Add a provider key.")
        return Target(self._keyless, (LOCAL_MODEL,), self._tables.default, credential)

    def _clamp(self, actor: Actor, wallet: Wallet, target: Target, steps: list[Step]) -> tuple[Target, list[Step]]:
        """An unverified person is answered by the cheap profile only, whatever won, unless it costs nothing."""
        if actor.standing > Standing.UNVERIFIED or PROVIDERS[target.provider].free or _own_key(target):
            return target, steps
        cheap = self._tables.unverified
        if target.profile == cheap:
            return target, steps
        clamped = next(self._served(wallet, cheap), None) or replace(self._keyless_target(wallet), profile=cheap)
        reason = "until your e-mail address is confirmed"
        return clamped, [*steps, _step(_Proposal("tier", cheap), "won", reason)]

    def _resolved(self, actor: Actor, target: Target, steps: list[Step]) -> Resolved:
        route = Route(
            provider=target.provider,
            model=target.candidates[0],
            profile=target.profile,
            key_source=target.credential.source,
            tier=3 if _own_key(target) else int(actor.standing),
            free=PROVIDERS[target.provider].free,
            steps=tuple(steps),
        )
        return Resolved(route, target.credential, target.candidates)

    def _person(self, actor: Actor) -> tuple[str | None, Plan | None]:
        """What the person prefers, and the plan that says which profiles the house pays for; None asks nothing."""
        if actor.person_id is None:
            return None, None
        with self._database.read() as unit:
            settings = unit.people.settings(actor.person_id)
            plan = plan_of(unit, actor.person_id)
        preference = (settings.preferred_model or None) if settings else None
        return preference, plan if actor.standing is Standing.VERIFIED else None


def _in_plan(plan: Plan | None, target: Target) -> bool:
    """Whether a plan allows what it pays for: nobody's plan speaks of free models or of own keys."""
    free = PROVIDERS[target.provider].free or _own_key(target)
    return plan is None or free or plan.allows(target.profile)


def _own_key(target: Target) -> bool:
    return target.credential.source == "user"


def _step(proposal: _Proposal, outcome: StepOutcome, reason: str) -> Step:
    return Step(proposal.name, LABELS[proposal.name], proposal.wish, outcome, reason)
