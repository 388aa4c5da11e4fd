"""What a newcomer does on the first day, with the real embedded model."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import become_admin, settle, visit

pytestmark = [pytest.mark.browser, pytest.mark.model]


def fill(page, label, text):
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.blur()


def go_on(page, following):
    page.get_by_role("button", name=f"Next: {following}").click()


def write_ada(page):
    """Fill in the five steps."""
    expect(page.get_by_text("Who is speaking, and where do they stand?")).to_be_visible()
    fill(page, "Name", "Ada")
    fill(page, "Role", "Sceptical engineer")
    fill(page, "System prompt", "You are Ada. You test claims before you repeat them.")
    go_on(page, "voice")
    fill(page, "Voice and tone", "Short sentences. Dry humour.")
    go_on(page, "knows")
    fill(page, "Knows well", "Latency percentiles\nLoad tests")
    go_on(page, "limits")
    fill(page, "Limit 1", "promise a release date")
    go_on(page, "samples")
    fill(page, "Questions to try", "Is it faster?")
    fill(page, "Someone says (1)", "Is it done?")
    fill(page, "Ada answers (1)", "Show me the test.")
    expect(page.get_by_role("heading", name="Ada", exact=True)).to_be_visible()


def test_a_newcomer_sets_up_writes_a_persona_hears_it_and_finds_it_again(serve, page):
    server = serve()
    become_admin(page, server)
    expect(page.get_by_text("Set up your studio")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    write_ada(page)

    answer = page.get_by_test_id("stChatMessage").nth(1)
    expect(page.get_by_test_id("stChatMessage").nth(0)).to_contain_text("Is it faster?")
    expect(page.get_by_text("Up to date")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ \+ \d+ tokens · \$0\.00"))).to_be_visible()
    assert len(answer.inner_text().replace("Ada", "", 1).strip()) > 0

    page.get_by_role("button", name="Next: review").click()
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_text("Ada is published")).to_be_visible()
    expect(page.get_by_role("heading", name="Yours")).to_be_visible()
    page.get_by_label("Search").fill("sceptical")
    expect(page.get_by_text("1 found")).to_be_visible()
    expect(page.get_by_alt_text("Portrait of Ada")).to_be_visible()

    page.reload()
    settle(page)
    expect(page.get_by_text("1 found")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_text("editing version 1")).to_be_visible()
    expect(page.get_by_label("Role", exact=True)).to_have_value("Sceptical engineer")

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    visit(page, server.url)
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
