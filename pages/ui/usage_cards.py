"""The figures of the usage page, card by card: each asks its own question when it is its turn."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import streamlit as st

from engine.accounts.actor import Actor
from engine.providers import PROVIDERS
from engine.usage.alerts import THRESHOLDS
from engine.usage.allowances import Budget
from engine.usage.dashboard import Headline, Period
from engine.usage.forecast import Outlook
from engine.usage.reports import Line
from engine.usage.sums import Histogram, Sums, quantile
from engine.usage.view import View
from pages.ui import charts, formats
from pages.ui.context import get_studio
from pages.ui.layout import card
from pages.ui.usage_filters import against, current_view, turn_to
from pages.ui.usage_prices import set_the_price

SPLITS = {"provider": "Provider", "profile": "Profile", "surface": "Surface"}
HIGH, LOW = 330, 300


def spent(view: View, sums: Sums) -> Decimal:
    """The money that the page is about: the house's, unless one has asked for certain payers."""
    return sums.cost_usd if view.values("key_source") else sums.house_usd


def called(view: View) -> str:
    """What that money is called."""
    payers = set(view.values("key_source"))
    return "House spend" if not payers or "user" not in payers else "On own keys" if payers == {"user"} else "Spend"


def headline(actor: Actor, view: View, period: Period) -> None:
    """Four figures, each with its days, and a line of facts."""
    found = get_studio().dashboard.headline(actor, view)
    versus, now, before = f"vs {against(view, period)}", found.now, found.before
    days = list(found.days.values())
    with st.grid(4, min_column_width=155, border=True):
        value, change = formats.money(spent(view, now)), _change(found, lambda sums: float(spent(view, sums)))
        money = [float(spent(view, sums)) for sums in days]
        _figure(called(view), _plain(value), change, versus, "inverse", money, "area")
        change = _change(found, lambda sums: sums.calls)
        _figure("Calls", f"{now.calls:,}", change, versus, "violet", [sums.calls for sums in days], "bar")
        _speed(found, versus)
        share = now.failed_share * 100
        more = 0.0 if before is None else round(share - before.failed_share * 100, 1)
        change = f"{more:+.1f} points" if more else None
        failed = [sums.failed_share * 100 for sums in days]
        _figure("Failed calls", f"{share:.1f}%", change, versus, "inverse", failed, "line")
    _facts(view, now)


def by_day(actor: Actor, view: View, period: Period) -> None:
    """Cost by day with what is to come, or calls by the hour of one day."""
    hours = get_studio().dashboard.by_hour(actor, view) if len(period.now.days) == 1 else []
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(gap=None, width="content"):
                st.subheader("Calls by hour" if hours else "Cost by day", anchor=False)
                st.caption("By provider" if hours else f"{called(view)}; press a bar to see the calls behind it")
            if not hours:
                st.session_state["usage/split"] = view.split
                st.segmented_control(
                    "Split by",
                    list(SPLITS),
                    format_func=SPLITS.__getitem__,
                    key="usage/split",
                    required=True,
                    on_change=_set_split,
                    label_visibility="collapsed",
                    wrap=False,
                )
        if hours:
            _hours(hours)
        else:
            _days(actor, view, period)


def month_end(actor: Actor) -> None:
    """Where the month is going, and what is left of the budgets."""
    studio = get_studio()
    with card("Month end", "The whole house, whatever the filters", height="stretch"):
        found = studio.dashboard.outlook(actor)
        if found is None:
            st.caption("A projection needs three whole days of use.")
        else:
            st.metric("Projected house spend", _plain(formats.money(found.usd)))
            st.badge(f"between {formats.money(found.low)} and {formats.money(found.high)}", color="gray")
        budgets = studio.allowances.budgets(actor)
        house = next(each for each in budgets if each.scope == "house")
        _of_budget(house, found)
        for budget in _tight(budgets):
            st.caption(
                f"{formats.plain(budget.name)}: {_percent(budget.used_usd, budget.month_usd)} of its budget used"
            )
        steps = ", ".join(map(str, THRESHOLDS[:-1]))
        st.caption(f"Alerts at {steps} and {THRESHOLDS[-1]}%, once each per month, to every admin.")
        st.space("stretch")
        if st.button("Edit budgets", icon=":material/edit:", width="stretch"):
            st.switch_page("admin/controls.py")


def top(actor: Actor, view: View, by: str, title: str) -> None:
    """The dearest of one kind as bars; a bar leads to its calls."""
    with card(title, called(view)):
        found = get_studio().dashboard.top(actor, view, by)
        shown = sorted((line for line in found if spent(view, line.sums)), key=lambda line: _rank(view, line))
        if not shown:
            st.caption("Nothing was paid for here in these days.")
            return
        key = f"usage/bars/{by}"
        drawn = [(line.of[by], float(spent(view, line.sums)), _colour(line), line.values.get(by)) for line in shown]
        charts.show(charts.bars(drawn), key, height=LOW, alt=title, chosen=lambda: _pick_bar(key, by))


def _speed(found: Headline, versus: str) -> None:
    """The first word where the hours know it, else the whole answer."""
    if found.first_word is not None:
        title, now, before = "First word, p95", _seconds(found.first_word), _seconds(found.first_word_before)
        days = [_seconds(each) for each in found.first_word_days.values()]
    else:
        title, now = "Answer, p95", _seconds(found.now.latency)
        before = _seconds(found.before.latency) if found.before else None
        days = [_seconds(sums.latency) for sums in found.days.values()]
    slower = 0.0 if before is None or now is None else round(now - before, 2)
    change = f"{slower:+.2f} s" if slower else None
    value = "–" if now is None else f"{now:.2f} s"
    told = "About: from a histogram whose steps double."
    _figure(title, value, change, versus, "inverse", [each or 0.0 for each in days], "line", told)


def _figure(
    label: str,
    value: str,
    change: str | None,
    versus: str,
    colour: str,
    days: list[float],
    kind: str,
    told: str | None = None,
) -> None:
    st.metric(
        label,
        value,
        change,
        delta_color=colour,
        chart_data=days if len(days) > 1 else None,
        chart_type=kind,
        delta_description=versus if change else None,
        help=told,
    )


def _change(found: Headline, of: Callable[[Sums], float]) -> str | None:
    """How much more than before, in per cent."""
    if found.before is None or not of(found.before):
        return None
    return f"{(of(found.now) / of(found.before) - 1) * 100:+.1f}%"


def _facts(view: View, now: Sums) -> None:
    tokens = f"{formats.big(now.usage.tokens_in)} tokens in, {formats.big(now.usage.tokens_out)} out"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if now.own_usd:
            st.badge(f"Members paid {formats.money(now.own_usd)} on own keys", icon=":material/key:", color="green")
        if now.saved_usd:
            word = "saved" if now.saved_usd > 0 else "cost"
            st.badge(
                f"Prompt cache {word} {formats.money(abs(now.saved_usd))}", icon=":material/savings:", color="green"
            )
        st.badge(tokens, color="gray")
        if now.unknown_price:
            calls = formats.counted(now.unknown_price, "call", "calls")
            st.badge(f"{calls} without a price", icon=":material/warning:", color="orange")
            if st.button("Set the price", type="tertiary"):
                set_the_price(view)


def _days(actor: Actor, view: View, period: Period) -> None:
    found = get_studio().dashboard.by_day(actor, view)
    names = {line.of[view.split]: None for line in sorted(found, key=lambda line: -spent(view, line.sums))}
    money = {(line.values["day"], line.of[view.split]): float(spent(view, line.sums)) for line in found}
    values = {line.of[view.split]: line.values[view.split] for line in found}
    days = period.now.days
    layers = [
        (
            _label(view.split, name),
            charts.colour_of(values[name], place),
            [money.get((day.isoformat(), name), 0.0) for day in days],
        )
        for place, name in enumerate(names)
    ]
    figure = charts.stacked(days, layers)
    ahead = None if view.since or view.period != "month" or view.values("key_source") else _ahead(actor, view)
    if ahead and len(ahead.days) > 1:
        rest = ahead.days[1:]
        charts.with_projection(
            figure,
            [each.day for each in rest],
            [each.usd for each in rest],
            [each.low for each in rest],
            [each.high for each in rest],
        )
    key = "usage/days"
    charts.show(figure, key, height=HIGH, alt="Cost by day", chosen=lambda: _pick_bar(key, "day"))


def _hours(found: list[tuple]) -> None:
    hours = sorted({hour for hour, _, _, _ in found})
    calls = {(hour, provider): count for hour, provider, count, _ in found}
    providers = sorted({provider for _, provider, _, _ in found})
    layers = [
        (_label("provider", name), charts.colour_of(name, place), [calls.get((hour, name), 0) for hour in hours])
        for place, name in enumerate(providers)
    ]
    charts.show(charts.stacked(hours, layers, money=False), "usage/hours", height=HIGH, alt="Calls by hour")


def _ahead(actor: Actor, view: View) -> Outlook | None:
    return get_studio().dashboard.outlook(actor, view)


def _of_budget(house: Budget, ahead: Outlook | None) -> None:
    if house.month_usd is None:
        st.caption("The house has no budget.")
        return
    used = float(house.used_usd / house.month_usd) if house.month_usd else 1.0
    st.progress(
        min(1.0, used),
        f"**{_percent(house.used_usd, house.month_usd)}** of the {formats.money(house.month_usd)} budget used",
    )
    if ahead is None:
        return
    share = float(ahead.usd / house.month_usd) if house.month_usd else 1.0
    st.progress(min(1.0, share), f"**{_percent(ahead.usd, house.month_usd)}** if nothing changes")
    coming = next((step for step in THRESHOLDS if ahead.spent * 100 < step * house.month_usd), None)
    if coming and (day := ahead.reached_on(house.month_usd * coming / 100)):
        st.badge(f"{coming}% alert about {day.day} {day:%b}", icon=":material/notifications:", color="orange")


def _tight(budgets: list[Budget]) -> list[Budget]:
    """Other budgets of which four fifths are used."""
    others = [each for each in budgets if each.scope != "house" and each.month_usd]
    return [each for each in others if each.used_usd * 5 >= (each.month_usd or 0) * 4][:3]


def _rank(view: View, line: Line) -> tuple[bool, Decimal]:
    """The dearest first; what stands for several last."""
    return not line.values, -spent(view, line.sums)


def _colour(line: Line) -> str:
    """The provider's for a model, pale for what stands for several."""
    if not line.values:
        return charts.PALE
    return charts.colour_of(line.values["provider"], 0) if "provider" in line.values else charts.VIOLET


def _pick_bar(key: str, by: str) -> None:
    points = st.session_state[key].selection.points
    value = points[0].get("customdata") if points else None
    if isinstance(value, list):
        value = value[0] if value else None
    turn_to(replace(current_view(), by=by, picked=value or ""))


def _set_split() -> None:
    turn_to(replace(current_view(), split=st.session_state["usage/split"]))


def _label(split: str, name: str) -> str:
    return PROVIDERS[name].label if split == "provider" and name in PROVIDERS else name


def _seconds(counts: Histogram | None) -> float | None:
    found = quantile(counts, 0.95) if counts else None
    return None if found is None else found / 1000


def _percent(part: Decimal, whole: Decimal | None) -> str:
    return f"{part / whole * 100:.0f}%" if whole else "100%"


def _plain(money: str) -> str:
    """Money where it is no markdown."""
    return money.replace("\\", "")
