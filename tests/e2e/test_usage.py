"""Usage and cost on demo data, as an administrator and as a member meet it in a browser."""

import csv
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PASSWORD, ROOT, settle, sign_in, visit

pytestmark = pytest.mark.browser

TOKEN = "metrics-0123456789"
FIRST_ROW = {"x": 18, "y": 58}
"""Where the box of a table's first row is: the table itself is a picture."""


def load_demo(home: Path) -> str:
    """Fill the running studio of a folder; the administrator's address."""
    small = ("--people", "6", "--personas", "3", "--days", "40", "--calls", "40", "--password-stdin")
    subprocess.run(
        [sys.executable, "-m", "engine", "demo", "load", *small],
        cwd=ROOT,
        env={**os.environ, "STUDIO_DATA_DIR": str(home / "data")},
        input=PASSWORD,
        text=True,
        check=True,
        capture_output=True,
    )
    return "rosa.marlowe@demo.example"


def metrics(url: str, token: str) -> tuple[int, str]:
    asked = urllib.request.Request(f"{url}/metrics", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, ""


def figure(page, label):
    """The value of one of the figures at the top."""
    return (
        page.locator("[data-testid=stMetric]")
        .filter(has_text=re.compile(rf"^\s*{label}"))
        .locator("[data-testid=stMetricValue]")
    )


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    settle(page)


def press_bar(page, bar):
    """Press a bar where it is: a layer that catches the mouse lies over it."""
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.click(x, y)
    settle(page)


def filtered_and_compared(page) -> str:
    """Both stand in the address afterwards; how many calls are left."""
    everything = figure(page, "Calls").inner_text()
    press(page, "Provider")
    page.get_by_role("combobox", name="Provider").click()
    page.get_by_role("option", name="openai", exact=True).click()
    settle(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Provider: openai")).to_be_visible()
    page.get_by_text("Against", exact=False).first.click()
    settle(page)
    expect(page).to_have_url(re.compile(r"provider=openai"))
    expect(page).to_have_url(re.compile(r"against=1"))
    expect(figure(page, "Calls")).not_to_have_text(everything)
    return figure(page, "Calls").inner_text()


def exported(page) -> list[dict[str, str]]:
    """The rows of the file that the page makes of itself."""
    press(page, "Export")
    with page.expect_download() as file:
        page.get_by_role("button", name="CSV of this view").click()
    page.keyboard.press("Escape")
    head, *rows = csv.reader(Path(file.value.path()).read_text("utf-8").splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_an_administrator_filters_drills_down_exports_asks_what_if_and_comes_back_by_a_link(serve, page):
    server = serve(answer="I test claims.", STUDIO_METRICS_TOKEN=TOKEN)
    email = load_demo(server.home)
    visit(page, f"{server.url}/usage")
    sign_in(page, email)
    expect(page.get_by_role("heading", name="Usage and cost")).to_be_visible()
    expect(page.get_by_text("Demo data")).to_be_visible()
    calls = filtered_and_compared(page)

    people = page.locator("[data-testid=stDataFrame]").last
    people.scroll_into_view_if_needed()
    people.click(position=FIRST_ROW)
    expect(page.get_by_role("heading", name=re.compile("Calls of"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"picked="))
    settle(page)
    press_bar(page, page.locator("[data-testid=stPlotlyChart]").nth(1).locator("g.points path").first)
    expect(page).to_have_url(re.compile(r"by=persona"))
    expect(page.get_by_role("heading", name=re.compile("Calls of"))).to_be_visible()
    link = page.url

    told = exported(page)
    (total,) = [row for row in told if row["part"] == "total"]
    assert f"{int(total['calls']):,}" == calls
    by_day = sum(Decimal(row["house_usd"]) for row in told if row["part"] == "by day and provider")
    assert by_day == Decimal(total["house_usd"]) > 0

    press(page, "What if")
    expect(page.get_by_role("heading", name="What if", exact=True)).to_be_visible()
    expect(figure(page, "As it was")).to_be_visible()
    press(page, "Add a move")
    expect(page.get_by_role("slider")).to_have_count(2)
    press(page, "Back to usage")
    expect(page.get_by_role("heading", name="Usage and cost")).to_be_visible()

    other = page.context.new_page()
    visit(other, link)
    expect(figure(other, "Calls")).to_have_text(calls)
    expect(other.get_by_role("button", name="Provider: openai")).to_be_visible()
    expect(other.get_by_role("heading", name=re.compile("Calls of"))).to_be_visible()
    is_for_administrators_only(other, server)


def is_for_administrators_only(page, server) -> None:
    """A member finds no such page, and nobody gets metrics without the token."""
    press(page, "Sign out")
    visit(page, f"{server.url}/sign-up")
    page.get_by_label("Your name").fill("Bo Lind")
    page.get_by_label("E-mail").fill("bo@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Confirm your e-mail")).to_be_visible()
    settle(page)
    visit(page, f"{server.url}/usage")
    sign_in(page, "bo@example.org")
    expect(page.get_by_text("This page is for administrators.")).to_be_visible()
    expect(page.get_by_role("link", name="Usage and cost")).to_have_count(0)

    assert metrics(server.url, "wrong")[0] == metrics(server.url, "")[0] == 401
    status, text = metrics(server.url, TOKEN)
    assert status == 200 and "studio_calls_total" in text and "Rosa" not in text
