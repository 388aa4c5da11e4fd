"""How a message shall be answered: what was picked, and what the house makes of it where nothing was."""

from dataclasses import dataclass

from engine.accounts.actor import Actor
from engine.coaching.specialisation import Specialisation, resolve_coaching_specialization
from engine.conversations.prompting import Place, Prompts
from engine.llm import LLMRequest
from engine.personas.catalogue import Persona
from engine.routing.route import Route
from engine.routing.router import Router
from engine.routing.tables import TableSource


@dataclass(frozen=True, slots=True)
class Picks:
    """How a message shall be answered; empty fields are chosen by the house. `surface` is where it was asked.

    `about` is what the page was about that it was asked from, in the words that its asker saw.
    """

    persona: str = ""
    mode: str = ""
    surface: str = "assistant"
    model: str = ""
    specialisation: str = ""
    about: str = ""


NO_PICKS = Picks()


@dataclass(frozen=True, slots=True)
class PickResolver:
    """Resolves picks as they stand now, the same for an estimate and for the answer itself."""

    router: Router
    tables: TableSource
    prompts: Prompts

    def mode(self, picks: Picks) -> str:
        """The mode that was picked, or the one of the place. Raises BadInput when either is not there."""
        tables = self.tables.now()
        place = tables.surface(picks.surface)
        tables.mode(picks.mode or place.mode)
        return picks.mode or place.mode

    def specialisation(self, picks: Picks) -> Specialisation | None:
        """What coaching is about, where the mode takes several steps. Raises BadInput."""
        if not self.tables.now().mode(self.mode(picks)).steps:
            return None
        return resolve_coaching_specialization(picks.surface, {"specialisation": picks.specialisation})

    def route(self, actor: Actor, persona: Persona, picks: Picks) -> Route:
        """Who would answer. Raises what `Router.resolve` raises."""
        return self.router.resolve(
            actor,
            surface=picks.surface,
            mode=picks.mode,
            model=picks.model,
            preferred_profile=persona.spec.preferred_profile,
        ).route

    def request(self, actor: Actor, persona: Persona, picks: Picks, question: str, place: Place) -> LLMRequest:
        """What the model reads. Raises BadInput, and what `Router.resolve` raises."""
        mode, specialisation = self.tables.now().mode(self.mode(picks)).description, self.specialisation(picks)
        route = self.route(actor, persona, picks)
        return self.prompts.request(
            persona, route, question, place, mode=mode, specialisation=specialisation, about=picks.about
        )
