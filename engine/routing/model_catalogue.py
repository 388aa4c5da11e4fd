"""What providers say about a key: whether it works, and which models it may use.

The only caller of `Provider.check` and `Provider.list_models`. Lists are kept in memory for each key and renewed in
the background, so that no call ever waits for one.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from engine.accounts.actor import Actor
from engine.accounts.keys import Keys, Verdict, Wallet
from engine.accounts.rights import Right, needs
from engine.errors import KeyRejected, ProviderError, ProviderQuota, StudioError
from engine.llm import Credential
from engine.providers import PROVIDERS, Adapters

logger = logging.getLogger(__name__)

LIST_LASTS_S = 3600.0
FAILED_LIST_LASTS_S = 60.0


@dataclass(frozen=True, slots=True)
class KeyTest:
    """What a test found, in words for its owner."""

    verdict: Verdict
    said: str


@dataclass(frozen=True, slots=True)
class Renewed:
    """What came of asking a provider for its list: how many models, or in `failed` why not."""

    provider: str
    models: int = 0
    failed: str = ""


@dataclass(frozen=True, slots=True)
class _Listing:
    models: frozenset[str] | None
    until: float


class ModelLists:
    """The models that each key may use, as the provider last said.

    Until `go_live` nothing is listed: for a command that asks once it is not worth the wait.
    """

    def __init__(self, adapters: Adapters, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._adapters = adapters
        self._clock = clock
        self._live = False
        self._lock = threading.Lock()
        self._lists: dict[tuple[str, str, str], _Listing] = {}

    def go_live(self) -> None:
        """Renew lists in the background from now on."""
        self._live = True

    def listed(self, provider: str, credential: Credential) -> frozenset[str] | None:
        """The models that this key may use, as far as is known; an old list counts until a newer one is there."""
        key = _key(provider, credential)
        with self._lock:
            known = self._lists.get(key)
            due = self._live and (known is None or known.until <= self._clock())
            if due:
                self._lists[key] = _Listing(known.models if known else None, self._clock() + FAILED_LIST_LASTS_S)
        if due:
            threading.Thread(target=self._renew, args=(provider, credential), name="models", daemon=True).start()
        return known.models if known else None

    def in_order(self, provider: str, credential: Credential, candidates: tuple[str, ...]) -> tuple[str, ...]:
        """The candidates that the provider lists, in their order; all of them when it lists none or nobody knows."""
        known = self.listed(provider, credential) or frozenset()
        return tuple(model for model in candidates if model in known) or candidates

    def retired(self, provider: str, credential: Credential, *models: str) -> bool:
        """Whether the provider lists other models, and none of these; a dated name counts for the one without date."""
        known = self.listed(provider, credential)
        if not known:
            return False
        names = {name.removeprefix("models/") for name in known}
        return not any(name == model or name.startswith(f"{model}-") for model in models for name in names)

    def renew(self, provider: str, credential: Credential) -> int:
        """Ask for the list now; how many models it has. Raises ProviderError, and then the old one counts."""
        models = frozenset(self._adapters.get(provider).list_models(credential))
        with self._lock:
            self._lists[_key(provider, credential)] = _Listing(models, self._clock() + LIST_LASTS_S)
        return len(models)

    def _renew(self, provider: str, credential: Credential) -> None:
        """The same in the background; when it fails, the next call after a minute asks again."""
        try:
            self.renew(provider, credential)
        except StudioError as problem:
            logger.info("the models of %s could not be listed: %s", provider, problem.message)


class ModelCatalogue:
    """What people may have asked about their keys."""

    def __init__(self, keys: Keys, adapters: Adapters, lists: ModelLists) -> None:
        self._keys = keys
        self._adapters = adapters
        self._lists = lists

    @needs(Right.USE)
    def test_key(self, actor: Actor, provider: str, *, house: bool = False) -> KeyTest:
        """Prove the actor's own key, or the one kept for the house, with the cheapest call; note what came of it.

        Raises NotFound when there is no such key, KeyRejected when it cannot be opened.
        """
        key_id, credential = self._keys.kept(actor, provider, house=house)
        began = time.monotonic()
        try:
            count = self._adapters.get(provider).check(credential)
            test = KeyTest("working", f"{count} models in {time.monotonic() - began:.1f} s. Testing is free.")
        except ProviderError as problem:
            test = KeyTest(_verdict(problem), f"{problem.message} {problem.hint}")
        self._keys.judge(actor, key_id, test.verdict, test.said)
        return test

    @needs(Right.USE)
    def refresh(self, actor: Actor) -> list[Renewed]:
        """Ask every provider that the actor has a key for, their own or the house's, for its list; all at once."""
        wallet = self._keys.wallet(actor)
        asked = [key for key, spec in PROVIDERS.items() if spec.offered and not spec.free and wallet.source(key)]
        if not asked:
            return []
        with ThreadPoolExecutor(len(asked), thread_name_prefix="models") as threads:
            return list(threads.map(lambda provider: self._refreshed(wallet, provider), asked))

    def _refreshed(self, wallet: Wallet, provider: str) -> Renewed:
        try:
            credential = wallet.credential(provider)
            return Renewed(provider, self._lists.renew(provider, credential) if credential else 0)
        except StudioError as problem:
            return Renewed(provider, failed=f"{problem.message} {problem.hint}".strip())


def _verdict(problem: ProviderError) -> Verdict:
    if isinstance(problem, KeyRejected):
        return "refused"
    return "no_quota" if isinstance(problem, ProviderQuota) else "unreachable"


def _key(provider: str, credential: Credential) -> tuple[str, str, str]:
    return provider, credential.base_url, credential.api_key.fingerprint
