"""The chain that picks provider, model and key: user, mode, surface, default; then the tier's clamp.

Where the mode proposes nothing, the profile that the persona prefers stands in its step.
A step that proposes nothing passes; one whose proposal cannot be used loses with its reason and the next is
asked. The model picked for this very message is never replaced: it is refused with the reason.
"""

from collections.abc import Callable
from functools import partial

from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor, Standing
from engine.accounts.keys import Keys
from engine.errors import Forbidden, KeyRejected, TierTooLow
from engine.llm.refs import ModelRef
from engine.llm.tokens import Measure, as_estimated
from engine.routing.chain import LOCAL_MODEL, Chain, Proposal, Target
from engine.routing.model_catalogue import ModelLists
from engine.routing.route import Length, Resolved, Route, Step
from engine.routing.tables import Surface, Tables, TableSource
from engine.usage.plans import Plan
from engine.usage.policy import taste_of

__all__ = ["LOCAL_MODEL", "Router"]

UNKNOWN_LENGTH = Length()


class Router:
    """Resolves calls. Reads the tables, the keys and the person's preference; calls nobody."""

    def __init__(
        self,
        tables: TableSource,
        keys: Keys,
        lists: ModelLists,
        database: Database,
        *,
        keyless_provider: str,
        measure: Measure = as_estimated,
    ) -> None:
        self._tables = tables
        self._keys = keys
        self._lists = lists
        self._database = database
        self._keyless = keyless_provider
        self._measure = measure

    def resolve(
        self,
        actor: Actor,
        *,
        surface: str,
        mode: str = "",
        model: str = "",
        structured: bool = False,
        step: str = "",
        preferred_profile: str = "",
        length: Length = UNKNOWN_LENGTH,
        tables: Tables | None = None,
    ) -> Resolved:
        """Pick who answers. `model` is what was picked for this very message: a model or a profile.

        `step` is a step of the mode's pipeline; `preferred_profile` is the persona's, empty for none; `tables` are
        others than those in force, to see what they would do.

        Raises TierTooLow when the surface asks for more standing, Forbidden when it is switched off, BadInput for an
        unknown surface, mode or model, and ModelNotFound when the picked model cannot be used.
        """
        with self._database.read() as unit:
            tables = tables or self._tables.now(unit)
            wallet = self._keys.wallet(actor, unit)
            preference, plan = _taste(unit, actor)
        place = tables.surface(surface)
        _check(actor, surface, place)
        profile = place.structured_model_profile if structured else None
        of_mode = _of_mode(tables, mode or place.mode, step, partial(self._size, length, 0))
        proposals = (
            Proposal("user", model or preference, binding=bool(model)),
            of_mode if of_mode.wish or not preferred_profile else Proposal("persona", preferred_profile),
            Proposal("surface", profile or place.model_profile),
            Proposal("default", tables.default),
        )
        needs = partial(self._size, length, length.answer)
        chain = Chain(tables, wallet, plan, self._lists, keyless=self._keyless, needs=needs)
        target, steps = chain.walk(proposals)
        target, clamp = chain.clamped(actor, target)
        route = _route(actor, target, (*steps, *([clamp] if clamp else ())))
        others = tuple(_resolved(actor, other, route.steps) for other in chain.others(target))
        return Resolved(route, target.credential, target.candidates, others)

    def serving(self, actor: Actor) -> dict[str, ModelRef | None]:
        """Which model each profile comes to now, with the actor's keys; None where nobody serves it."""
        tables = self._tables.now()
        chain = Chain(tables, self._keys.wallet(actor), None, self._lists, keyless=self._keyless)
        return {profile: _first(chain, profile) for profile in tables.profiles}

    def out_of_date(self, actor: Actor, tables: Tables | None = None) -> list[tuple[str, ModelRef]]:
        """The profiles that name a model which its provider no longer lists, and that model."""
        wallet, found = self._keys.wallet(actor), []
        for profile, cells in (tables or self._tables.now()).profiles.items():
            for provider, models in cells.items():
                try:
                    credential = wallet.credential(provider)
                except KeyRejected:
                    continue
                if credential is not None:
                    gone = [model for model in models if self._lists.retired(provider, credential, model)]
                    found += [(profile, ModelRef(provider, model)) for model in gone]
        return found

    def _size(self, length: Length, more: int, provider: str, model: str) -> int:
        """The tokens of a prompt as a model counts them, and so many more."""
        return (length.counted or self._measure(provider, model, length.estimated)) + more


def _taste(unit: Unit, actor: Actor) -> tuple[str | None, Plan | None]:
    """What the person prefers, and the plan that says which profiles the house pays for; None asks nothing."""
    if actor.person_id is None:
        return None, None
    preference, plan = taste_of(unit, actor.person_id)
    return preference, plan if actor.standing is Standing.VERIFIED else None


def _first(chain: Chain, profile: str) -> ModelRef | None:
    try:
        target = chain.first(profile)
    except KeyRejected:
        return None
    return ModelRef(target.provider, target.candidates[0]) if target else None


def _check(actor: Actor, surface: str, place: Surface) -> None:
    if actor.standing < place.standing:
        raise TierTooLow(
            f"{surface} asks for a confirmed e-mail address.", hint="Confirm your address, or ask an administrator."
        )
    if not place.enabled:
        raise Forbidden(f"{surface} is switched off.", hint="An administrator can switch it on under Routing.")


def _of_mode(tables: Tables, key: str, step: str, size: Callable[[str, str], int]) -> Proposal:
    """What the mode proposes. The condition of a step is asked of the prompt as the step's own model would count it."""
    mode = tables.mode(key)
    planned = mode.steps.get(step)
    if planned is None:
        return Proposal("mode", mode.model_profile)
    cells = tables.profiles[planned.profile]
    provider = planned.provider or next((name for name in tables.providers if name in cells), "")
    if planned.applies(size(provider, next(iter(cells.get(provider, ())), ""))):
        return Proposal("mode", planned.profile, planned.provider)
    return Proposal("mode", mode.model_profile)


def _resolved(actor: Actor, target: Target, steps: tuple[Step, ...]) -> Resolved:
    return Resolved(_route(actor, target, steps), target.credential, target.candidates)


def _route(actor: Actor, target: Target, steps: tuple[Step, ...]) -> Route:
    return Route(
        provider=target.provider,
        model=target.candidates[0],
        profile=target.profile,
        key_source=target.credential.source,
        tier=3 if target.own_key else int(actor.standing),
        free=target.free,
        steps=steps,
    )
