"""Pooled: everybody once after each word of the host, in a random order."""

from engine.theatre.choosing import Choice, Situation

HELP = "After each of your lines everybody speaks once, in a random order; then somebody by lot."


def choose(situation: Situation) -> Choice | None:
    """One by lot of those who have not spoken since the host did; when all have, one by lot."""
    spoken = situation.after_host()
    waiting = [member for member in situation.allowed if member.id not in spoken]
    if waiting:
        return Choice(situation.lot().one(waiting).id, "pooled: has not spoken since you did")
    return Choice(situation.lot().one(situation.allowed).id, "pooled: all have spoken, drawn by lot")
