"""Manual: nobody speaks unless a person says who; a single step draws somebody by lot."""

from engine.theatre.choosing import Choice, Situation

HELP = "You choose each speaker. A step without a choice draws one by lot."


def choose(situation: Situation) -> Choice | None:
    """Somebody for a person who asked for one turn, else nobody: it is the host's turn."""
    if not situation.nudged:
        return None
    return Choice(situation.lot().one(situation.allowed).id, "manual: drawn by lot")
