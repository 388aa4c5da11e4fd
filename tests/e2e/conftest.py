"""The app as a process of its own with a fresh data folder, and a browser before it."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
SAFETY_S = 90
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=SAFETY_S * 1000)

EMAIL, PASSWORD = "rosa@example.org", "correct horse battery"


@dataclass(frozen=True)
class Server:
    """A running app: its address, the setup link that it printed, and its folders and its log."""

    url: str
    setup_link: str
    home: Path

    @property
    def script(self) -> Path:
        """Where its answers come from, when it was started with one."""
        return self.home / "script"

    @property
    def log(self) -> str:
        """All it has printed so far."""
        return (self.home / "log").read_text()

    def let(self, words: int) -> None:
        """Hold answers back after so many words."""
        (self.script / "gate").write_text(str(words))

    def will_say(self, answer: str) -> None:
        """Set the answer to every question from now on."""
        (self.script / "answer.txt").write_text(answer)

    def calls(self) -> list[dict]:
        """What the script was asked."""
        witness = self.script / "calls.jsonl"
        return [json.loads(line) for line in witness.read_text().splitlines()] if witness.exists() else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:  # noqa: S310
            return answer.status == 200
    except OSError:
        return False


def _await_setup_link(child: subprocess.Popen, url: str, log: Path) -> str:
    for _ in range(SAFETY_S * 10):
        if _is_up(url) and (found := re.search(r"Setup link: (\S+)", log.read_text())):
            return found[1]
        try:
            child.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(f"the app did not start:\n{log.read_text()}")


@contextmanager
def serving(home: Path, answer: str | None = None, **settings: str) -> Iterator[Server]:
    """Run the app on the data of the folder `home`, with scripted answers or the real embedded model."""
    home.mkdir(exist_ok=True)
    url, log = f"http://localhost:{free_port()}", home / "log"
    kept = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_BASE_URL"))}
    settings = {"STUDIO_DATA_DIR": str(home / "data"), "STUDIO_PUBLIC_URL": url, **settings}
    if answer is not None:
        (home / "script").mkdir(exist_ok=True)
        (home / "script/answer.txt").write_text(answer)
        settings["STUDIO_SCRIPT_DIR"] = str(home / "script")
    with log.open("w") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", url.rpartition(":")[2]],
            cwd=ROOT,
            env={**kept, **settings},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Server(url, _await_setup_link(child, url, log), home)
    finally:
        child.terminate()
        child.wait(timeout=SAFETY_S)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers; each has its own data folder and is gone after the test."""
    number = count()
    with ExitStack() as running:
        yield lambda *, answer=None, **settings: running.enter_context(
            serving(tmp_path / f"server{next(number)}", answer, **settings)
        )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or Playwright's own."""
    with sync_playwright() as driver:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or driver.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("no browser: apt-get install chromium, or .venv/bin/playwright install chromium")
        found = driver.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield found
        found.close()


def new_context(browser: Browser, **more: Any) -> BrowserContext:
    """A browser of its own, wide enough for a desk."""
    return browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **more})


def admin_cookie(browser: Browser, server: Server) -> Any:
    """Make the first administrator, and return what signs a new context in as them: its `storage_state`."""
    with new_context(browser) as first:
        become_admin(first.new_page(), server)
        return first.storage_state()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without history."""
    with new_context(browser) as found:
        yield found


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab of that browser."""
    found = context.new_page()
    found.set_default_timeout(SAFETY_S * 1000)
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell with a failure what its page showed."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and isinstance(page, Page) and not page.is_closed():
        report.sections.append(("What the page showed", f"{page.url}\n{page.locator('body').aria_snapshot()}"))
    return report


def settle(page: Page) -> None:
    """Wait until the page's script has come to rest."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def visit(page: Page, address: str) -> None:
    page.goto(address)
    settle(page)


def become_admin(page: Page, server: Server) -> None:
    """Open the setup link and make the first administrator."""
    visit(page, server.setup_link)
    page.get_by_label("Your name").fill("Rosa Marlowe")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    with page.expect_response(lambda answer: answer.url.endswith("/session")) as cookie:
        page.get_by_role("button", name="Create administrator").click()
    assert cookie.value.status == 204
    page.get_by_role("button", name="Sign out").wait_for()
    settle(page)


def sign_in(page: Page, email: str = EMAIL, password: str = PASSWORD) -> None:
    """Fill in the form that is shown."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    with page.expect_response(lambda answer: answer.url.endswith("/session")):
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Sign out").wait_for()
    settle(page)
