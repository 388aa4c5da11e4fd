"""Round robin: the order of the cast, again and again."""

from engine.theatre.choosing import Choice, Situation
from engine.theatre.scene import HOST

HELP = "Everybody in the order of the cast, again and again. Elsewhere it is called list order."


def choose(situation: Situation) -> Choice | None:
    """The next allowed member in the order of the cast, after the member who spoke last."""
    order = [member.id for member in situation.spec.cast]
    before = next((turn for turn in reversed(situation.turns) if turn.speaker != HOST), None)
    start = order.index(before.speaker) + 1 if before is not None and before.speaker in order else 0
    may = {member.id for member in situation.allowed}
    following = next(member for member in order[start:] + order[:start] if member in may)
    return Choice(following, f"round robin: after {before.name}" if before else "round robin: opens the scene")
