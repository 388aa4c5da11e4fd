"""The first steps in the studio, and which of them a person has taken."""

from collections.abc import Collection
from dataclasses import dataclass

from db.session import Database
from engine.accounts.actor import Actor, Standing
from engine.accounts.keys import Keys
from engine.accounts.rights import Right, needs
from engine.llm.credential import KeySource
from engine.providers import PROVIDERS


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One line of the list on the home page."""

    key: str
    title: str
    caption: str
    done: bool


class GettingStarted:
    """Reads what has happened; keeps nothing of its own."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    @needs(Right.USE)
    def steps(self, actor: Actor) -> list[FirstStep]:
        """The steps in the order in which they help."""
        with self._database.read() as unit:
            spoken = actor.person_id is not None and unit.ledger.has_calls_of(actor.person_id)
            written = actor.person_id is not None and unit.personas.count_owned(actor.person_id) > 0
            staged = actor.person_id is not None and unit.scenes.count(actor.person_id) > 0
        wallet = self._keys.wallet(actor)
        payers = {wallet.source(spec.key) for spec in PROVIDERS.values() if not spec.free} - {None}
        verified = actor.standing >= Standing.VERIFIED
        return [
            FirstStep(
                "verify",
                "Confirm your e-mail",
                "Your address is confirmed" if verified else "Until then three questions are free",
                verified,
            ),
            FirstStep("persona", "Write your first persona", "Five short steps with a live preview", written),
            FirstStep("hello", "Hear a persona speak", "The preview beside the builder answers at each step", spoken),
            FirstStep("stage", "Put two on stage", "Templates with a cast and an opening line are waiting", staged),
            FirstStep("key", "Add a provider key", _said_of_keys(payers), bool(payers)),
        ]


def _said_of_keys(payers: Collection[KeySource | None]) -> str:
    if not payers:
        return "Until then the small built-in model answers, and it says silly things"
    return "Your own key answers for you" if "user" in payers else "The house's key answers for you"
