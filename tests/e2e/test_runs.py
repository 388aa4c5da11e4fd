"""An answer that is being written, whatever a person does meanwhile: never lost, never doubled, and marked when cut."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import admin_cookie, new_context, serving, settle, visit
from tests.engine.waiting import until

pytestmark = pytest.mark.browser

WORDS = [f"word{number}" for number in range(1, 25)]
ANSWER = " ".join(WORDS)
ALL = 999

# Tells what the answer says whenever anything on the page changes, and how many answers are shown at once.
WATCH = """
new MutationObserver(() => {
  const messages = [...document.querySelectorAll('[data-testid=stChatMessage]')].map(message => message.innerText);
  const answers = messages.map(text => text.match(/word\\d+(\\s+word\\d+)*/g) || []).filter(found => found.length);
  const said = JSON.stringify(answers);
  if (said !== window.lastSaid) { window.lastSaid = said; window.hear(answers); }
}).observe(document, {subtree: true, childList: true, characterData: true});
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One studio for all tests here."""
    with serving(tmp_path_factory.mktemp("runs"), ANSWER) as running:
        yield running


@pytest.fixture(scope="module")
def cookie(browser, server):
    """What signs a browser in."""
    return admin_cookie(browser, server)


@pytest.fixture
def heard():
    """All that the answer was seen to say, in every tab and at every moment."""
    return []


@pytest.fixture
def tab(browser, cookie, server, heard):
    """Open tabs of one browser; what their answers say is heard."""
    with new_context(browser, storage_state=cookie) as context:
        context.expose_function("hear", lambda answers: heard.append(answers))
        context.add_init_script(WATCH)

        def open_tab(address="persona-builder"):
            page = context.new_page()
            page.set_default_timeout(90_000)
            visit(page, f"{server.url}/{address}")
            return page

        yield open_tab


@pytest.fixture
def builder(tab, server):
    """The builder on a new draft whose persona has begun to speak and waits after two words."""
    before = len(server.calls())
    server.let(2)
    page = tab()
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(answer(page)).to_contain_text("word1 word2")
    yield page
    assert len(server.calls()) == before + 1, "nobody asked twice"


def answer(page):
    return page.get_by_test_id("stChatMessage").nth(1)


def finish(server, *pages):
    """Let the rest through, and wait until every tab shows it."""
    server.let(ALL)
    for page in pages:
        expect(page.get_by_text("Up to date")).to_be_visible()
        expect(answer(page)).to_contain_text(ANSWER)


def assert_never_doubled(heard):
    assert any(heard), "the watch saw something"
    for answers in heard:
        assert len(answers) <= 1, answers
        for pieces in answers:
            assert len(pieces) == 1, pieces
            said = pieces[0].split()
            assert said == WORDS[: len(said)]


def test_clicking_everything_else_neither_stops_nor_repeats_an_answer(server, builder, heard):
    page, let = builder, iter(range(3, ALL))
    for step in ("Voice", "Knows", "Limits", "Samples", "Review"):
        page.get_by_role("radio", name=step).click()
        server.let(next(let))
    settle(page)
    page.get_by_role("button", name="Back").click()
    settle(page)
    page.get_by_role("button", name="Next: review").click()
    server.let(next(let))
    page.get_by_role("radio", name="Role").click()
    page.get_by_role("button", name="Portrait", exact=True).click()
    page.get_by_test_id("stPopoverBody").wait_for()
    page.keyboard.press("Escape")
    server.let(next(let))
    page.get_by_test_id("stExpander").first.click()
    page.get_by_test_id("stMenuButton").get_by_role("button").click()
    page.get_by_text("Discard draft", exact=True).click()
    page.get_by_role("button", name="Keep it").click()
    server.let(next(let))
    expect(page.get_by_text("Writing").first).to_be_visible()
    finish(server, page)
    assert_never_doubled(heard)


def test_a_reload_finds_the_answer_where_it_is(server, builder, heard):
    page = builder
    for words in (5, 8):
        page.reload()
        settle(page)
        expect(answer(page)).to_contain_text(" ".join(WORDS[:2]))
        server.let(words)
        expect(answer(page)).to_contain_text(WORDS[words - 1])
    finish(server, page)
    page.reload()
    settle(page)
    expect(answer(page)).to_contain_text(ANSWER)
    assert_never_doubled(heard)


def test_another_page_and_back_finds_it_too(server, builder, heard):
    page = builder
    page.get_by_test_id("stSidebar").get_by_role("link", name="Keys").click()
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    server.let(6)
    page.go_back()
    expect(answer(page)).to_contain_text("word6")
    finish(server, page)
    assert_never_doubled(heard)


def test_a_closed_tab_loses_nothing(server, builder, tab, heard):
    address = builder.url.removeprefix(f"{server.url}/")
    builder.close()
    server.let(7)
    page = tab(address)
    expect(answer(page)).to_contain_text("word7")
    page.close()
    server.let(ALL)
    page = tab(address)
    expect(answer(page)).to_contain_text(ANSWER)
    expect(page.get_by_text("Up to date")).to_be_visible()
    assert_never_doubled(heard)


def test_two_tabs_follow_one_answer(server, builder, tab, heard):
    other = tab(builder.url.removeprefix(f"{server.url}/"))
    expect(answer(other)).to_contain_text("word2")
    server.let(9)
    for page in (builder, other):
        expect(answer(page)).to_contain_text("word9")
    finish(server, builder, other)
    assert_never_doubled(heard)


def test_stop_in_one_tab_marks_the_answer_in_all_and_for_good(server, builder, tab, heard):
    other = tab(builder.url.removeprefix(f"{server.url}/"))
    expect(answer(other)).to_contain_text("word2")
    other.get_by_role("button", name="Stop").click()
    for page in (builder, other):
        expect(page.get_by_text("Stopped by you")).to_be_visible()
    server.let(ALL)
    other.reload()
    settle(other)
    for page in (builder, other):
        expect(page.get_by_text("Stopped by you")).to_be_visible()
        expect(answer(page)).to_contain_text("word1 word2")
    assert_never_doubled(heard)
    assert max(len(pieces[0].split()) for answers in heard for pieces in answers) == 2


def test_two_hundred_letters_typed_while_an_answer_comes_are_all_there_and_focus_stays(server, tab, heard):
    letters = ("The small team ships every week and asks for the p95 before it asks for a name. " * 3)[:200]
    server.let(1)
    page = tab()
    page.get_by_label("Name", exact=True).fill("Ada")
    expect(answer(page)).to_contain_text("word1")
    field = page.get_by_label("Setting", exact=True)
    field.click()
    field.evaluate("field => { window.left = 0; field.addEventListener('blur', () => window.left++) }")
    for at in range(0, len(letters), 20):
        field.press_sequentially(letters[at : at + 20], delay=30)
        server.let(2 + at // 20)
        if at % 60 == 0:  # a pause: the field saves itself, and the page is drawn anew below the writer's hands
            expect(answer(page)).to_contain_text("word1")
            settle(page)
    expect(field).to_have_value(letters)
    expect(field).to_be_focused()
    until(lambda: letters.strip() in server.calls()[-1]["system"])
    finish(server, page)
    expect(field).to_have_value(letters)
    expect(field).to_be_focused()
    assert page.evaluate("window.left") == 0
    assert_never_doubled(heard)
