"""What a person can pick from: the profiles that somebody serves for them, and the local model."""

from dataclasses import dataclass

from engine.accounts.actor import Actor
from engine.accounts.keys import Keys
from engine.accounts.rights import Right, needs
from engine.providers import PROVIDERS
from engine.routing.router import LOCAL_MODEL
from engine.routing.tables import Tables


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One line of a model picker; `value` is what `model=` takes, empty for the chain's own choice."""

    value: str
    label: str
    free: bool


class ModelChoices:
    """Reads the tables and the keys; asks no provider."""

    def __init__(self, tables: Tables, keys: Keys, *, keyless_provider: str) -> None:
        self._tables = tables
        self._keys = keys
        self._keyless = keyless_provider

    @needs(Right.USE)
    def available(self, actor: Actor, provider: str) -> bool:
        """Whether the actor has a key for `provider`, their own or the house's."""
        return provider in PROVIDERS and self._keys.wallet(actor).source(provider) is not None

    @needs(Right.USE)
    def choices(self, actor: Actor) -> list[ModelChoice]:
        """Automatic first, then the profiles that are served, then the local model."""
        served = []
        for profile, cells in self._tables.profiles.items():
            provider = next(
                (name for name in self._tables.providers if name in cells and self.available(actor, name)), None
            )
            if provider:
                served.append(ModelChoice(profile, f"{profile.capitalize()} · {cells[provider][0]}", False))
        label = PROVIDERS[self._keyless].label
        return [
            ModelChoice("", "Automatic", not served),
            *served,
            ModelChoice(f"{self._keyless}:{LOCAL_MODEL}", f"{label} · {LOCAL_MODEL}", True),
        ]
