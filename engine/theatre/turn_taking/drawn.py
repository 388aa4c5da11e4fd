"""Random: somebody by lot."""

from engine.theatre.choosing import Choice, Situation

HELP = "Somebody by lot. The same seed draws the same order."


def choose(situation: Situation) -> Choice | None:
    """One of the allowed members by lot."""
    return Choice(situation.lot().one(situation.allowed).id, "random: drawn by lot")
