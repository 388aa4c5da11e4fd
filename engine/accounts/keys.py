"""Whose key pays: people's own keys at rest, and the one wallet that a call chooses from.

The order is the person's own, then one that an admin stored for the house, then the environment's. A key is opened
only when a call is about to be made with it, and its address always comes with it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.base import NOBODY
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.accounts.rights import RIGHTS, Right, demand, needs
from engine.accounts.vault import Binding, CannotOpen, Vault, seal_in
from engine.errors import BadInput, KeyRejected, NotFound
from engine.llm.credential import Credential, KeySource, Secret
from engine.providers import PROVIDERS, ProviderSpec
from engine.settings import Settings

LONGEST_KEY = 512

Rows = list[Any]
"""Rows of stored keys, as the repository gives them."""
Verdict = Literal["untested", "working", "refused", "no_quota", "unreachable"]
KeyState = Literal[
    "untested", "working", "refused", "no_quota", "unreachable", "paused", "expired", "re_enter", "none", "always"
]


@dataclass(frozen=True, slots=True)
class KeyCard:
    """A provider as the keys page shows it. `hint` is all that anybody sees of a key.

    From `expires_at` on the key is not used; None means that it is used until somebody removes it.
    """

    provider: str
    label: str
    state: KeyState
    hint: str
    said: str
    checked_at: datetime | None
    last_used_at: datetime | None
    house: KeySource | None
    for_house: bool = False
    expires_at: datetime | None = None


class Wallet:
    """The keys that one actor's call may be made with, as they were at one moment.

    A house key that has expired is as if it were not there; an own one is there and refused, because nobody else pays
    until its owner has seen to it.
    """

    def __init__(self, settings: Settings, vault: Vault, own: Rows, house: Rows, now: datetime) -> None:
        self._settings = settings
        self._vault = vault
        self._now = now
        self._own = {row.provider: row for row in own if row.paused_at is None}
        self._house = {row.provider: row for row in house if row.paused_at is None and not _expired(row, now)}

    def source(self, provider: str) -> KeySource | None:
        """Who would pay at a provider; nothing is opened to tell."""
        if provider in self._own:
            return "user"
        return self.house_source(provider)

    def house_source(self, provider: str) -> KeySource | None:
        """Where the house's key would come from."""
        if provider in self._house:
            return "system"
        credential = PROVIDERS[provider].house_credential(self._settings)
        return credential.source if credential else None

    def credential(self, provider: str) -> Credential | None:
        """The key to call with, or None when there is none.

        Raises KeyRejected for an own key that has expired, and for a stored key that cannot be opened.
        """
        spec = PROVIDERS[provider]
        row = self._own.get(provider) or self._house.get(provider)
        if row is None:
            return spec.house_credential(self._settings)
        return _opened(self._vault, row, spec, self._settings, self._now)


class Keys:
    """Keeps keys, and never gives one back to a page. With `house=True` an admin keeps those of the house."""

    def __init__(self, database: Database, settings: Settings, vault: Vault, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._settings = settings
        self._vault = vault
        self._clock = clock

    @needs(Right.USE)
    def wallet(self, actor: Actor, unit: Unit | None = None) -> Wallet:
        """What the actor's next call may be made with, read in a transaction that is open already, if there is one."""
        own, house = self._rows(actor) if unit is None else _rows_of(unit, actor)
        return Wallet(self._settings, self._vault, own, house, self._clock())

    @needs(Right.USE)
    def cards(self, actor: Actor, *, house: bool = False) -> list[KeyCard]:
        """Every provider, with the state of the key that is kept for it."""
        keeper = _keeper(actor, house)
        own, houses = self._rows(actor)
        rows = {row.provider: row for row in (houses if house else own)}
        wallet = Wallet(self._settings, self._vault, own, houses, self._clock())
        with self._database.read() as unit:
            used = {} if house else unit.ledger.last_own_key_uses(keeper)
        offered = [spec for spec in PROVIDERS.values() if spec.offered]
        return [
            replace(
                self._card(spec, rows.get(spec.key), used.get(spec.key), wallet.house_source(spec.key)), for_house=house
            )
            for spec in offered
        ]

    @needs(Right.USE)
    def save(
        self, actor: Actor, provider: str, text: str, *, house: bool = False, expires_at: datetime | None = None
    ) -> None:
        """Store a key in place of an earlier one, to be used until `expires_at`.

        Raises BadInput, and ConfigError when the master key was changed and this process cannot read the new one; the
        earlier key then stays.
        """
        spec, value, now = _asking_for_keys(provider), _clean(text), self._clock()
        if expires_at is not None and expires_at <= now:
            raise BadInput("That day is over.", field="Expires", hint="Choose a later one, or none.")
        key_id, keeper = uuid7(), _keeper(actor, house)
        row = {
            "id": key_id,
            "owner_id": keeper,
            "provider": spec.key,
            "hint": str(Secret(value)),
            "verdict": "untested",
            "verdict_said": "",
            "checked_at": None,
            "paused_at": None,
            "expires_at": expires_at,
            "created_at": now,
        }
        with self._database.write() as unit:
            binding = Binding("provider-key", str(keeper), spec.key, key_id)
            unit.keys.put(row | {"sealed": seal_in(unit, self._vault, value, binding)})
            _note(unit, actor, "save", spec.key, now, house=house, expires_at=expires_at and expires_at.isoformat())

    @needs(Right.USE)
    def pause(self, actor: Actor, provider: str, *, paused: bool, house: bool = False) -> None:
        """Stop using a key without forgetting it, or use it again. Raises NotFound."""
        now = self._clock()
        with self._database.write() as unit:
            if not unit.keys.pause(_keeper(actor, house), provider, now if paused else None):
                raise NotFound("There is no key to pause.", hint="It was removed, perhaps in another tab.")
            _note(unit, actor, "pause", provider, now, house=house, paused=paused)

    @needs(Right.USE)
    def remove(self, actor: Actor, provider: str, *, house: bool = False) -> None:
        """Forget a key."""
        with self._database.write() as unit:
            if unit.keys.remove(_keeper(actor, house), provider):
                _note(unit, actor, "remove", provider, self._clock(), house=house)

    @needs(Right.USE)
    def kept(self, actor: Actor, provider: str, *, house: bool = False) -> tuple[UUID, Credential]:
        """A key that is kept, paused or not, for a test.

        Raises NotFound, and KeyRejected when it has expired or cannot be opened.
        """
        spec = _asking_for_keys(provider)
        with self._database.read() as unit:
            row = unit.keys.one(_keeper(actor, house), provider)
        if row is None:
            raise NotFound(f"There is no key for {spec.label}.", hint="Add one first.")
        return row.id, _opened(self._vault, row, spec, self._settings, self._clock())

    @needs(Right.USE)
    def judge(self, actor: Actor, key_id: UUID, verdict: Verdict, said: str) -> None:
        """Note what a test found; nothing happens when the key was replaced meanwhile, or is somebody else's."""
        owners = {actor.person_id or NOBODY}
        if Right.KEEP_HOUSE_KEYS in RIGHTS[actor.role]:
            owners.add(NOBODY)
        with self._database.write() as unit:
            unit.keys.judge(key_id, owners, verdict, said, self._clock())

    def _rows(self, actor: Actor) -> tuple[Rows, Rows]:
        with self._database.read() as unit:
            return _rows_of(unit, actor)

    def _card(self, spec: ProviderSpec, row: Any, used: datetime | None, house: KeySource | None) -> KeyCard:
        if row is None:
            return KeyCard(spec.key, spec.label, "always" if spec.free else "none", "", "", None, None, house)
        return KeyCard(
            provider=spec.key,
            label=spec.label,
            state=self._state(row),
            hint=row.hint,
            said=row.verdict_said,
            checked_at=row.checked_at,
            last_used_at=used,
            house=house,
            expires_at=row.expires_at,
        )

    def _state(self, row: Any) -> KeyState:
        try:
            self._vault.open(row.sealed, _binding(row))
        except CannotOpen:
            return "re_enter"
        if _expired(row, self._clock()):
            return "expired"
        if row.paused_at is not None:
            return "paused"
        return _STATES[row.verdict]


_STATES: dict[str, KeyState] = {
    "untested": "untested",
    "working": "working",
    "refused": "refused",
    "no_quota": "no_quota",
    "unreachable": "unreachable",
}


def _rows_of(unit: Unit, actor: Actor) -> tuple[Rows, Rows]:
    """The actor's own keys, and the house's."""
    rows = unit.keys.of(*filter(None, [actor.person_id]), NOBODY)
    return [row for row in rows if row.owner_id != NOBODY], [row for row in rows if row.owner_id == NOBODY]


def _expired(row: Any, now: datetime) -> bool:
    return row.expires_at is not None and row.expires_at <= now


def _opened(vault: Vault, row: Any, spec: ProviderSpec, settings: Settings, now: datetime) -> Credential:
    source: KeySource = "system" if row.owner_id == NOBODY else "user"
    whose = "The house's" if source == "system" else "Your"
    if _expired(row, now):
        raise KeyRejected(
            f"{whose} key for {spec.label} has expired.",
            hint="Enter a new one on the Keys page, or remove it there.",
        )
    try:
        value = vault.open(row.sealed, _binding(row))
    except CannotOpen:
        raise KeyRejected(
            f"{whose} key for {spec.label} cannot be opened any more.",
            hint="Enter it again on the Keys page, or remove it there.",
        ) from None
    return Credential(Secret(value), spec.address(settings), source)


def _binding(row: Any) -> Binding:
    return Binding("provider-key", str(row.owner_id), row.provider, row.id)


def _note(unit: Unit, actor: Actor, verb: str, provider: str, now: datetime, *, house: bool, **after: Any) -> None:
    """Write down what was done with which key: never anything of the key itself."""
    record(unit, actor.person_id, f"key.{verb}", "key", provider, now, after={"house": house, **after})


def _keeper(actor: Actor, house: bool) -> UUID:
    """Whose keys are meant: the actor's own, or the house's, for those who may keep them."""
    if house:
        demand(actor, Right.KEEP_HOUSE_KEYS)
        return NOBODY
    if actor.person_id is None:
        raise BadInput("The operator keeps no keys of their own.", hint="House keys come from the environment.")
    return actor.person_id


def _asking_for_keys(provider: str) -> ProviderSpec:
    spec = PROVIDERS.get(provider)
    if spec is None or spec.free:
        raise BadInput(f"{provider} does not ask for a key.", field="Provider")
    return spec


def _clean(text: str) -> str:
    value = text.strip()
    if not value:
        raise BadInput("The key is empty.", field="Key", hint="Paste it as the provider shows it.")
    if len(value) > LONGEST_KEY or not value.isascii() or not value.isprintable() or " " in value:
        raise BadInput(
            "That is not a key: it is too long, or has spaces or other characters that keys do not have.",
            field="Key",
            hint="Copy it again from the provider, without anything around it.",
        )
    return value
