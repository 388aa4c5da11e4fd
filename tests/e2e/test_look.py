"""What a glance at each page would find: nothing cut on a phone, nothing pale on dark, nothing from elsewhere."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import become_admin, settle, sign_in, visit

pytestmark = pytest.mark.browser

PATHS = (
    *("", "personas", "personas?search=volcano", "keys", "account", "people", "departments", "controls", "audit"),
    *("models", "routing", "built-in-personas", "theatre", "persona-builder"),
)
DOORS = ("", "sign-up", "verify", "reset", "reset?token=none")
STEPS = ("voice", "knows", "limits", "samples", "review")

# WCAG 2 contrast of an element's text on what is drawn behind it, blending translucent layers.
CONTRAST = """element => {
  const parse = text => text.match(/[\\d.]+/g).map(Number).concat(1).slice(0, 4);
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
  const light = colour => colour.map(c => c / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const layers = [];
  for (let e = element; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
  const behind = layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  const [a, b] = [light(over(parse(getComputedStyle(element).color), behind)), light(behind)].sort((x, y) => y - x);
  return (a + .05) / (b + .05);
}"""


def fits(page):
    return page.evaluate(
        "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".every(element => element.scrollWidth <= element.clientWidth)"
    )


def test_no_page_scrolls_sideways_on_a_phone(serve, browser, page):
    server = serve(answer="Hello.")
    become_admin(page, server)
    phone = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    for door in reversed(DOORS):
        visit(phone, f"{server.url}/{door}")
        assert fits(phone), door
    sign_in(phone)
    for path in PATHS:
        visit(phone, f"{server.url}/{path}")
        assert fits(phone), path
    for step in STEPS:
        phone.get_by_role("button", name=f"Next: {step}").click()
        settle(phone)
        assert fits(phone), step
    phone.context.close()


def test_the_chosen_step_can_be_read_in_both_themes(serve, browser, page):
    server = serve(answer="Hello.")
    become_admin(page, server)
    for scheme in ("light", "dark"):
        tab = browser.new_context(color_scheme=scheme).new_page()
        visit(tab, f"{server.url}/persona-builder")
        sign_in(tab)
        chosen = tab.locator("[data-variant=segmented_control][data-selected=true]")
        expect(chosen.first).to_be_visible()
        assert all(each.evaluate(CONTRAST) >= 4.5 for each in chosen.all()), scheme
        tab.context.close()


def test_pages_ask_nobody_but_us_and_complain_of_nothing(serve, page):
    server = serve(answer="Hello.")
    foreign, complaints = [], []
    page.on("request", lambda request: foreign.append(request.url) if _is_foreign(request.url, server.url) else None)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" and _is_ours(said) else None)
    become_admin(page, server)
    for path in PATHS:
        visit(page, f"{server.url}/{path}")
    assert foreign == []
    assert complaints == []


def _is_foreign(url, ours):
    return not url.startswith((ours, ours.replace("http", "ws", 1), "data:", "blob:", "about:"))


def _is_ours(said):
    """Streamlit's client looks for its own endpoints below a deep link first; those 404s are harmless."""
    return "_stcore" not in said.location["url"]
