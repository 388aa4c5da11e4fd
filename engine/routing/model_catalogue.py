"""What providers say about a key. The only caller of `Provider.check`."""

import time
from dataclasses import dataclass

from engine.accounts.actor import Actor
from engine.accounts.keys import Keys, Verdict
from engine.accounts.rights import Right, needs
from engine.errors import KeyRejected, ProviderError, ProviderQuota
from engine.providers import Adapters


@dataclass(frozen=True, slots=True)
class KeyTest:
    """What a test found, in words for its owner."""

    verdict: Verdict
    said: str


class ModelCatalogue:
    """Asks providers what a key may use; never for an answer, so it costs nothing."""

    def __init__(self, keys: Keys, adapters: Adapters) -> None:
        self._keys = keys
        self._adapters = adapters

    @needs(Right.USE)
    def test_key(self, actor: Actor, provider: str) -> KeyTest:
        """Prove the actor's own key with the cheapest call there is, and note what came of it.

        Raises NotFound when there is no such key, KeyRejected when it cannot be opened.
        """
        key_id, credential = self._keys.own(actor, provider)
        began = time.monotonic()
        try:
            count = self._adapters.get(provider).check(credential)
            took = time.monotonic() - began
            test = KeyTest("working", f"{count} models in {took:.1f} s. Testing is free.")
        except KeyRejected as problem:
            test = KeyTest("refused", f"{problem.message} {problem.hint}")
        except ProviderQuota as problem:
            test = KeyTest("no_quota", f"{problem.message} {problem.hint}")
        except ProviderError as problem:
            test = KeyTest("unreachable", f"{problem.message} {problem.hint}")
        self._keys.judge(actor, key_id, test.verdict, test.said)
        return test
