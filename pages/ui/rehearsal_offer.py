"""After a persona is published: its trick questions are asked by themselves where that is free, else offered."""

from engine.errors import StudioError
from pages.ui import formats
from pages.ui.context import current_actor, get_studio


def after_publishing(key: str) -> str:
    """Begin what may be asked unasked; what to say about it, empty where the writer did not want it."""
    rehearsal = get_studio().rehearsal
    try:
        offered = rehearsal.after_publishing(current_actor(), key)
        now = rehearsal.progress(current_actor(), key)
    except StudioError as problem:  # it is published all the same
        return f"Its trick questions were not asked: {problem.message}"
    if offered is not None:
        cost = formats.money(offered.cost_usd).removeprefix("\\")  # what is said is made plain where it is drawn
        return f"Its trick questions cost about {cost}; ask them under Rehearse."
    return "Its trick questions are being asked." if now is not None and now.state == "writing" else ""
