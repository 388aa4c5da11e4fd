"""How models did over the last questions: a table, and the same in one sentence."""

from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from engine.authoring.comparison.compare import LAST_QUESTIONS, Subject
from engine.authoring.comparison.results import Comparison, Standing
from pages.ui import formats
from pages.ui.compare_cards import prefer
from pages.ui.context import current_actor, get_studio
from pages.ui.layout import card

WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
WORTH_SAYING = Decimal("1.5")


def sums(of: str, subject: Subject, last: Comparison) -> None:
    """The table, and beside it the sentence with the way to prefer the model that leads."""
    standings = get_studio().compare.standings(current_actor(), of)
    if not standings:
        return
    left, right = st.columns([1.9, 1], gap="small")
    with left, card(f"Over your last {LAST_QUESTIONS} questions", "Bars show the share of votes", height="stretch"):
        _table(standings)
    with right, card("In one line", height="stretch"):
        st.markdown(in_one_line(standings))
        leader = standings[0]
        column = next((each for each in last.columns if each.model == leader.model and each.state == "done"), None)
        fits = column is not None and get_studio().compare.profile_for(current_actor(), column.id)
        if leader.liked and column is not None and fits and subject.may_edit:
            label = f"Make it {formats.plain(subject.name) or 'their'}'s preferred model"
            if st.button(label, icon=":material/check:", width="stretch"):
                prefer(of, column.id, leader.model, subject.name)


def in_one_line(standings: Sequence[Standing]) -> str:
    """Who leads, what that costs beside the cheapest, and what the cheapest let through."""
    leader, votes = standings[0], sum(each.liked for each in standings)
    priced = [each for each in standings if each.cost_usd is not None]
    cheapest = min(priced, key=lambda each: (each.cost_usd or 0, each.model), default=None)
    name = f"**{formats.plain(leader.model)}**"
    if not votes:
        waits = [each for each in standings if each.first_token_ms is not None]
        quickest = min(waits, key=lambda each: each.first_token_ms or 0, default=leader)
        said = f"Nobody has your vote yet. **{formats.plain(quickest.model)}** begins first"
        if quickest.first_token_ms is not None:
            said += f", after {formats.seconds(quickest.first_token_ms)}"
        if cheapest is not None and len(standings) > 1:
            said += f"; {formats.plain(cheapest.model)} costs least, {formats.money(cheapest.cost_usd)} a turn"
        return f"{said}."
    said = f"{name} has {leader.liked} of your {formats.counted(votes, 'vote', 'votes')}."
    if cheapest is None or cheapest.model == leader.model or leader.cost_usd is None:
        return said + (" It costs least, too." if cheapest is leader and len(standings) > 1 else "")
    broke = cheapest.judged - cheapest.held
    let = f", which broke a limit {_times(broke)}" if broke else ""
    return f"{said} {_dearer(leader.cost_usd, cheapest)}{let}."


def _dearer(cost: Decimal, cheapest: Standing) -> str:
    other = formats.plain(cheapest.model)
    least = cheapest.cost_usd or Decimal()
    if not least:
        return f"A turn costs {formats.money(cost)}, while {other} is free"
    if cost / least < WORTH_SAYING:
        return f"It costs about as much as {other}"
    return f"It costs **{_times(round(cost / least))}** {other}"


def _times(number: int) -> str:
    if number == 1:
        return "once"
    return "twice" if number == 2 else f"{WORDS[number] if number < len(WORDS) else f'{number:,}'} times"


def _table(standings: Sequence[Standing]) -> None:
    votes = sum(each.liked for each in standings)
    rows = [
        {
            "Model": each.model,
            "Votes": round(100 * each.liked / votes) if votes else 0,
            "Limits held": f"{each.held} of {each.judged}" if each.judged else None,
            "First word, median": None if each.first_token_ms is None else each.first_token_ms / 1000,
            "Cost per turn": None if each.cost_usd is None else float(each.cost_usd),
        }
        for each in standings
    ]
    st.dataframe(
        rows,
        hide_index=True,
        placeholder="–",
        column_config={
            "Votes": st.column_config.ProgressColumn(
                "Votes", format="%d%%", min_value=0, max_value=100, width="medium"
            ),
            "Limits held": st.column_config.TextColumn(
                "Limits held", help="Counted where a limit names the words that must not be said."
            ),
            "First word, median": st.column_config.NumberColumn("First word, median", format="%.2f s"),
            "Cost per turn": st.column_config.NumberColumn("Cost per turn", format="$%.4f"),
        },
    )
