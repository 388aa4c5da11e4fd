"""Addressed: whoever was named speaks."""

from engine.theatre.choosing import Choice, Situation

HELP = "Whoever was named in the last line speaks; when nobody was, the one who has been silent longest."


def choose(situation: Situation) -> Choice | None:
    """The first member named in the last line; so that a scene never stalls, otherwise the longest silent one."""
    for member in situation.named():
        return Choice(member.id, f"named by {situation.heard_from}")
    return Choice(situation.longest_silent().id, "nobody was named: longest silence")
