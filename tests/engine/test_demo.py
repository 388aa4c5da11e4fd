"""Demo data: a whole house that holds together, and none in a house where somebody is."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from engine.accounts.actor import Actor, Role
from engine.demo import Loaded, load
from engine.errors import BadInput
from engine.studio import Studio
from engine.usage.view import View
from tests.engine.conftest import PASSWORD, Clock, person

OPERATOR = Actor.operator()


def filled(studio: Studio, clock: Clock) -> Loaded:
    return load(studio, people=7, personas=5, days=40, calls_a_day=12, password=PASSWORD, now=clock.now)


def test_the_house_holds_together_and_says_that_it_is_invented(studio: Studio, clock: Clock) -> None:
    made = filled(studio, clock)
    assert (made.people, made.personas) == (7, 5) and made.calls > 200
    assert studio.usage.verify(OPERATOR) == []
    report = studio.reports.report(OPERATOR, ("day",))
    assert report.total.sums.calls == made.calls == studio.calls.count(OPERATOR, View("90-days"))
    days = sorted(date.fromisoformat(line.values["day"]) for line in report.rows)
    assert (days[0], days[-1]) >= (date(2026, 10, 14), date(2026, 11, 20)) and days[-1] <= date(2026, 11, 22)

    month = studio.dashboard.headline(OPERATOR, View()).now
    house = next(each for each in studio.allowances.budgets(OPERATOR) if each.scope == "house")
    assert house.used_usd == month.house_usd > 0
    rosa = studio.people.acting_as(OPERATOR, made.email)
    assert rosa.role is Role.ADMIN and studio.access.sign_in(made.email, made.password)
    mine = studio.my_usage.mine(rosa).month
    money = next(each for each in studio.usage.allowance(rosa) if each.label.startswith("spent by you"))
    assert Decimal(money.used) / 10**9 == mine.house_usd
    assert studio.dashboard.period(OPERATOR, View()).demo
    assert {person.email.rpartition("@")[2] for person in studio.people.all(OPERATOR)} == {"demo.example"}
    names = {line.name for line in studio.dashboard.breakdown(OPERATOR, View(), "persona")}
    assert "Ada" in names and "Maestro de Ritmos" in names


def test_the_same_dice_fall_the_same_way(studio: Studio, open_with: Callable[..., Studio], clock: Clock) -> None:
    filled(studio, clock)
    again = open_with(DATABASE_URL="")
    filled(again, clock)
    ours, theirs = (house.reports.report(OPERATOR, ("day", "model", "person")).rows for house in (studio, again))
    assert [(line.of, line.sums) for line in ours] == [(line.of, line.sums) for line in theirs]


def test_a_house_with_somebody_in_it_is_left_alone(studio: Studio, clock: Clock) -> None:
    person(studio)
    with pytest.raises(BadInput, match="empty database only"):
        filled(studio, clock)
    assert len(studio.people.all(OPERATOR)) == 1
    assert not studio.dashboard.period(OPERATOR, View()).demo
