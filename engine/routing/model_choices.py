"""What a person can pick from: the profiles that somebody serves for them, and the local model."""

from dataclasses import dataclass

from engine.accounts.actor import Actor
from engine.accounts.keys import Keys, Wallet
from engine.accounts.rights import Right, needs
from engine.errors import KeyRejected
from engine.providers import PROVIDERS
from engine.routing.model_catalogue import ModelLists
from engine.routing.router import LOCAL_MODEL
from engine.routing.tables import Tables


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One line of a model picker; `value` is what `model=` takes, empty for the chain's own choice."""

    value: str
    label: str
    free: bool


class ModelChoices:
    """Reads the tables, the keys and the lists that are known; asks no provider."""

    def __init__(self, tables: Tables, keys: Keys, lists: ModelLists, *, keyless_provider: str) -> None:
        self._tables = tables
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
        wallet = self._keys.wallet(actor)
        served = []
        for profile, cells in self._tables.profiles.items():
            provider = next(
                (name for name in self._tables.providers if name in cells and self._pays(wallet, name)), None
            )
            if provider:
                words = f"{profile.capitalize()} · {self._model(wallet, provider, cells[provider])}"
                served.append(ModelChoice(profile, words, False))
        label = PROVIDERS[self._keyless].label
        return [
            ModelChoice("", "Automatic", not served),
            *served,
            ModelChoice(f"{self._keyless}:{LOCAL_MODEL}", f"{label} · {LOCAL_MODEL}", True),
        ]

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
