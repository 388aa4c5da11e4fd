"""A scene in words: its state, why it stands still, what ends it, what it may cost, how long it has played."""

from engine.theatre.estimate import Estimate
from engine.theatre.scene import Scene, StopConditions
from pages.ui import formats

# state: word, colour, icon of the badge
STATES = {
    "ready": ("Ready", "blue", ":material/flag:"),
    "playing": ("On air", "red", ":material/podcasts:"),
    "paused": ("Paused", "orange", ":material/pause:"),
    "ended": ("Ended", "gray", ":material/done_all:"),
}


def minutes(seconds: float) -> str:
    """`2:41`, and `1:02:41` from an hour on."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def stops_at(stop: StopConditions) -> str:
    """What ends the scene, as a list of whichever comes first."""
    ends = [formats.counted(stop.turns, "turn", "turns")] if stop.turns else []
    ends += [formats.money(stop.usd)] if stop.usd is not None else []
    ends += [f"{stop.minutes:g} minutes"] if stop.minutes else []
    ends += [f"the words “{formats.plain(stop.phrase)}”"] if stop.phrase else []
    ends += [formats.counted(stop.silence, "silent turn", "silent turns")] if stop.silence else []
    *first, last = ends or ["500 turns"]
    return f"{', '.join(first)}, or {last}" if first else last


def expected(found: Estimate) -> str:
    """What the play may cost, before it is begun."""
    if found.problem is not None:
        return f"Cannot be played now: {formats.plain(found.problem.message)}"
    if found.low_usd is None or found.high_usd is None:
        return "Expected before play: unknown, a model has no price"
    low, high = formats.money(found.low_usd), formats.money(found.high_usd)
    return f"Expected before play: {low} to {high}" if low != high else f"Expected before play: {high}"


def why_still(scene: Scene) -> str:
    """Why a scene stands still or waits; empty when nobody needs to be told."""
    if scene.said is None:
        return ""
    word = {"playing": "Waiting", "paused": "Paused", "ended": "Ended"}.get(scene.state, "")
    return f"**{word}:** {formats.plain(scene.said.message)} {formats.plain(scene.said.hint)}".strip()


def share(part: float) -> str:
    """`28%`."""
    return f"{part:.0%}"
