"""Which key a call is made with. The address always comes with the key, so no key can reach another address."""

from engine.accounts.actor import Actor
from engine.llm.credential import Credential
from engine.providers import PROVIDERS
from engine.settings import Settings


class Keys:
    """Finds the credential of a person at a provider: today the operator's own, from the environment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def credential(self, actor: Actor, provider: str) -> Credential | None:
        """The key that pays for the actor's calls at `provider`, or None when there is none."""
        return PROVIDERS[provider].house_credential(self._settings)
