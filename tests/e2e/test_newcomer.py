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


TOKENS_READ = r"(\d[\d,]*) \+ \d+ tokens"


def heard(page, *, longer_than=0):
    """The answer to a prompt of more than so many tokens, once it is up to date; and how many tokens that was."""
    read = page.wait_for_function(
        f"""least => {{
            const found = document.body.innerText.match(/{TOKENS_READ}/);
            const read = found && Number(found[1].replaceAll(",", ""));
            return document.body.innerText.includes("Up to date") && read > least ? read : 0;
        }}""",
        arg=longer_than,
    ).json_value()
    answer = page.get_by_test_id("stChatMessage").nth(1).inner_text()
    assert len(answer.split()) > 3
    return answer, read


def write_role(page):
    """Step 1, from the specification."""
    expect(page.get_by_text("Who is speaking, and where do they stand?")).to_be_visible()
    fill(page, "Name", "Sierra Nevada Guide")
    fill(
        page,
        "System prompt",
        "You have walked every trail in the Alpujarras for 30 years. You know which wildflowers bloom in April, which "
        "refugios are open, and where to see ibex at dawn.",
    )
    page.get_by_label("Modality", exact=True).click()
    page.get_by_role("option", name="Domain expert").click()


def write_the_rest(page):
    """Steps 3 to 5; a limit is missing, and is added by the button of the check that says so."""
    go_on(page, "knows")
    fill(page, "Knows well", "Hiking trails of Granada\nGeography of Andalusia")
    fill(page, "Does not know", "Today's weather")
    go_on(page, "limits")
    expect(page.get_by_text("Missing boundary")).to_be_visible()
    page.get_by_role("button", name="Add “Say when they do not know”").click()
    expect(page.get_by_text("Missing boundary")).to_have_count(0)
    expect(page.get_by_label("Limit 1", exact=True)).to_have_value("say when you do not know, and who would")
    go_on(page, "samples")
    fill(page, "Questions to try", "Where do ibex drink?")
    fill(page, "Someone says (1)", "Is Poqueira open?")
    fill(page, "Sierra Nevada Guide answers (1)", "Ring the hut. I only know the stones.")
    expect(page.get_by_text("Nothing to fix")).to_be_visible()


def test_a_newcomer_sets_up_writes_a_persona_hears_it_and_finds_it_again(serve, page):
    server = serve()
    become_admin(page, server)
    expect(page.get_by_text("Set up your studio")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    write_role(page)
    plain, read = heard(page, longer_than=60)
    go_on(page, "voice")
    page.get_by_role("button", name="Poetic", exact=True).or_(page.get_by_role("radio", name="Poetic")).click()
    expect(page.get_by_label("Voice and tone", exact=True)).to_have_value(re.compile("^Speaks in images"))
    poetic, reads = heard(page, longer_than=read)
    assert poetic != plain, "another voice is another answer"
    expect(page.get_by_text("How you speak: Speaks in images from nature")).to_have_count(1)
    write_the_rest(page)
    expect(page.get_by_test_id("stChatMessage").nth(0)).to_contain_text("Where do ibex drink?")
    heard(page, longer_than=reads)
    expect(page.get_by_text(re.compile(r"\d+ \+ \d+ tokens · \$0\.00"))).to_be_visible()

    page.get_by_role("button", name="Next: review").click()
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_text("Sierra Nevada Guide is published")).to_be_visible()
    expect(page.get_by_role("heading", name="Yours")).to_be_visible()
    page.get_by_label("Search").fill("sierra")
    expect(page.get_by_text("1 found")).to_be_visible()
    expect(page.get_by_alt_text("Portrait of Sierra Nevada Guide")).to_be_visible()

    page.reload()
    settle(page)
    expect(page.get_by_text("1 found")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_text("editing version 1")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Sierra Nevada Guide")

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    visit(page, server.url)
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
