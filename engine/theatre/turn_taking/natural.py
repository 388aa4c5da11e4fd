"""Natural: rounds of those who were named and of those who feel like talking.

A round is called up by the last line: (1) members of whom a word of the name occurs in it, in the order of the text;
(2) all others in a shuffled order, each if their talkativeness is at least a number rolled from 0 to below 1; (3) if
nobody is found, one by lot of those with any talkativeness, or of all if none has any. The last speaker is left out,
unless the host spoke last or repeats are allowed. All of the round speak in that order. After SillyTavern's order of
the same name.
"""

from engine.theatre.choosing import Choice, Situation

HELP = "Whoever was named speaks, then those who feel like it: the higher their talkativeness, the more often."


def choose(situation: Situation) -> Choice | None:
    """The next of the round that is being spoken, or the first of a new one."""
    queue = _rest_of_round(situation) or _new_round(situation)
    (member_id, reason), *rest = queue
    return Choice(member_id, reason, tuple(rest))


def _rest_of_round(situation: Situation) -> list[tuple[str, str]]:
    """Who is still to speak; a word of the host calls up a new round, and is never the head of a queue."""
    queue = list(situation.last.queue) if situation.last else []
    may = {member.id for member in situation.allowed}
    while queue and queue[0][0] not in may:
        queue.pop(0)
    return queue


def _new_round(situation: Situation) -> list[tuple[str, str]]:
    lot, named = situation.lot(), situation.named()
    called = [(member.id, f"named by {situation.heard_from}") for member in named]
    others = [member for member in situation.allowed if member not in named]
    for member in lot.shuffled(others):
        rolled = lot.roll()
        if member.talkativeness >= rolled:
            called.append((member.id, f"natural: rolled {rolled:.2f} of {member.talkativeness:.2f}"))
    if called:
        return called
    talkers = [member for member in situation.allowed if member.talkativeness > 0] or situation.allowed
    return [(lot.one(talkers).id, "natural: nobody felt like it, drawn by lot")]
