"""What a person can pick from: the profiles that somebody serves for them, and the local model."""

from dataclasses import dataclass, replace
from decimal import Decimal

from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.keys import Keys, Wallet
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, KeyRejected
from engine.llm.credential import KeySource
from engine.llm.refs import ModelRef
from engine.providers import PROVIDERS
from engine.routing.model_catalogue import ModelLists
from engine.routing.model_facts import facts_of
from engine.routing.router import LOCAL_MODEL
from engine.routing.tables import Tables, TableSource
from engine.usage.observed import Observed
from engine.usage.prices import PriceBook

MOST_FAVOURITES = 24


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One line of a model picker; `value` is what `model=` takes, empty for the chain's own choice."""

    value: str
    label: str
    free: bool


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that somebody can have. Prices are in USD per million tokens.

    What nobody knows is None: a price, the context, whether the provider still lists the model, and the time to the
    first word (about: the median of the last month).
    """

    ref: str
    provider: str
    model: str
    profiles: tuple[str, ...]
    context: int | None
    structured: bool
    vision: bool
    input_usd: Decimal | None
    output_usd: Decimal | None
    first_word_ms: int | None
    paid_by: KeySource
    listed: bool | None
    favourite: bool


class ModelChoices:
    """Reads the tables, the keys and the lists that are known; asks no provider."""

    def __init__(
        self,
        tables: TableSource,
        keys: Keys,
        lists: ModelLists,
        prices: PriceBook,
        database: Database,
        observed: Observed,
        *,
        keyless_provider: str,
    ) -> None:
        self._tables = tables
        self._prices = prices
        self._database = database
        self._observed = observed
        self._keys = keys
        self._lists = lists
        self._keyless = keyless_provider

    @needs(Right.USE)
    def available(self, actor: Actor, provider: str) -> bool:
        """Whether the actor has a key for `provider`, their own or the house's."""
        return self._pays(self._keys.wallet(actor), provider)

    @needs(Right.USE)
    def choices(self, actor: Actor) -> list[ModelChoice]:
        """Automatic first, then the profiles that are served, then the local model."""
        wallet, tables = self._keys.wallet(actor), self._tables.now()
        served = []
        for profile, cells in tables.profiles.items():
            provider = next((name for name in tables.providers if name in cells and self._pays(wallet, name)), None)
            if provider:
                words = f"{profile.capitalize()} · {self._model(wallet, provider, cells[provider])}"
                served.append(ModelChoice(profile, words, False))
        label = PROVIDERS[self._keyless].label
        return [
            ModelChoice("", "Automatic", not served),
            *served,
            ModelChoice(f"{self._keyless}:{LOCAL_MODEL}", f"{label} · {LOCAL_MODEL}", True),
        ]

    @needs(Right.USE)
    def favourites(self, actor: Actor) -> list[str]:
        """The models that the actor has marked, as provider:model."""
        with self._database.read() as unit:
            settings = unit.people.settings(actor.person_id) if actor.person_id else None
        return [str(ref) for ref in (settings.favourite_models or [])] if settings else []

    @needs(Right.USE)
    def set_favourites(self, actor: Actor, refs: list[str]) -> None:
        """Mark these models and no others. Raises BadInput for what is no model."""
        kept = list(dict.fromkeys(refs))
        if len(kept) > MOST_FAVOURITES:
            raise BadInput(f"At most {MOST_FAVOURITES} models can be favourites.", field="Favourites")
        for ref in kept:
            parsed = ModelRef.parse(ref)
            if parsed is None or parsed.provider not in PROVIDERS:
                raise BadInput(f"{ref!r} is no model.", field="Favourites", hint="Models are written provider:model.")
        self._save(actor, favourite_models=kept)

    @needs(Right.USE)
    def preferred(self, actor: Actor) -> str:
        """What answers when the actor picks nothing: a profile, a model, or empty for the chain's own choice."""
        with self._database.read() as unit:
            settings = unit.people.settings(actor.person_id) if actor.person_id else None
        return (settings.preferred_model or "") if settings else ""

    @needs(Right.USE)
    def set_preferred(self, actor: Actor, wish: str) -> None:
        """Have a profile or a model answer when nothing is picked; empty goes back. Raises BadInput."""
        ref = ModelRef.parse(wish)
        if wish and wish not in self._tables.now().profiles and (ref is None or ref.provider not in PROVIDERS):
            raise BadInput(f"{wish!r} is neither a profile nor a model.", field="Model")
        self._save(actor, preferred_model=wish or None)

    @needs(Right.USE)
    def rows(self, actor: Actor) -> list[ModelRow]:
        """Every model that can answer the actor: those that their providers list, and those of the profiles."""
        wallet, tables, marked = self._keys.wallet(actor), self._tables.now(), set(self.favourites(actor))
        rows = []
        for provider, spec in PROVIDERS.items():
            if not spec.offered or not self._pays(wallet, provider):
                continue
            in_profiles = _in_profiles(tables, provider)
            listed = self._listed(wallet, provider)
            chatting = (model for model in listed or () if facts_of(provider, model).chat)
            names = sorted({*in_profiles, *chatting}) or ([LOCAL_MODEL] if spec.free else [])
            for model in names:
                row = self._row(wallet, ModelRef(provider, model), tuple(in_profiles.get(model, ())), marked)
                gone = bool(listed) and self._gone(wallet, provider, model)
                rows.append(replace(row, listed=None if listed is None else not gone))
        return rows

    def _row(self, wallet: Wallet, ref: ModelRef, profiles: tuple[str, ...], marked: set[str]) -> ModelRow:
        """A model as it is known without its provider's list."""
        named = (ref.provider, ref.model)
        facts, prices = facts_of(*named), self._prices.per_million(*named)
        return ModelRow(
            ref=str(ref),
            provider=ref.provider,
            model=ref.model,
            profiles=profiles,
            context=facts.context,
            structured=facts.structured,
            vision=facts.vision,
            input_usd=prices[0] if prices else None,
            output_usd=prices[1] if prices else None,
            first_word_ms=self._observed.of(*named).first_word_ms,
            paid_by=wallet.source(ref.provider) or "local",
            listed=None,
            favourite=str(ref) in marked,
        )

    def _save(self, actor: Actor, **fields: object) -> None:
        if actor.person_id is None:
            raise BadInput("The operator has no settings.", hint="Act as a person.")
        with self._database.write() as unit:
            unit.people.save_settings(actor.person_id, **fields)

    def _listed(self, wallet: Wallet, provider: str) -> frozenset[str] | None:
        try:
            credential = wallet.credential(provider)
        except KeyRejected:
            return None
        return self._lists.listed(provider, credential) if credential else None

    def _gone(self, wallet: Wallet, provider: str, model: str) -> bool:
        try:
            credential = wallet.credential(provider)
        except KeyRejected:
            return False
        return credential is not None and self._lists.retired(provider, credential, model)

    def _pays(self, wallet: Wallet, provider: str) -> bool:
        return provider in PROVIDERS and wallet.source(provider) is not None

    def _model(self, wallet: Wallet, provider: str, candidates: tuple[str, ...]) -> str:
        """Which candidate would be asked, marked when the provider lists none of them any more."""
        try:
            credential = wallet.credential(provider)
        except KeyRejected:
            credential = None
        if credential is None:
            return candidates[0]
        known = self._lists.listed(provider, credential)
        model = self._lists.in_order(provider, credential, candidates)[0]
        return model if known is None or model in known else f"{model} · no longer listed"


def _in_profiles(tables: Tables, provider: str) -> dict[str, list[str]]:
    """The profiles that name each model of a provider."""
    found: dict[str, list[str]] = {}
    for profile, cells in tables.profiles.items():
        for model in cells.get(provider, ()):
            found.setdefault(model, []).append(profile)
    return found
