"""What a process that draws pages is asked to do: Streamlit's AppTest, a trivial page or the studio's own."""

import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from streamlit.testing.v1 import AppTest

HERE = Path(__file__).parent
PATIENCE_S = 120


class Trivial:
    """The trivial page."""

    def about(self) -> dict[str, str]:
        """The version of Streamlit."""
        from importlib.metadata import version

        return {"streamlit": version("streamlit")}

    def first(self) -> float:
        """Seconds of the first run of the page."""
        self._tab = AppTest.from_file(HERE / "trivial_page.py", default_timeout=PATIENCE_S)
        return _run(self._tab)

    def reruns(self, count: int) -> list[float]:
        """Seconds of each of `count` further runs."""
        return [_run(self._tab) for _ in range(count)]

    def close(self) -> None:
        """Nothing was opened."""


class StudioPages:
    """The studio's pages, as a signed-in person who is looked up afresh on every run."""

    def __init__(self, session: str) -> None:
        self._session = UUID(session)
        self._tabs: dict[str, AppTest] = {}

    def about(self) -> dict[str, str]:
        """Nothing that is not said elsewhere."""
        return {}

    def first(self) -> float:
        """Seconds of the first run of the home page; the studio is opened before, as the server does."""
        self._open()
        self._tabs["home"] = self._tab()
        return _run(self._tabs["home"])

    def settle(self, pages: dict[str, str]) -> None:
        """Open a tab on each page, and wait until nothing works in the background any more."""
        for thread in threading.enumerate():
            if thread.name == "warm-up":
                thread.join(PATIENCE_S)
        for name, path in pages.items():
            self._tabs[name] = self._tab()
            _run(self._tabs[name])
            self._tabs[name].switch_page(path)
            _run(self._tabs[name])

    def reruns(self, count: int, page: str) -> list[float]:
        """Seconds of each of `count` further runs of a page."""
        return [_run(self._tabs[page]) for _ in range(count)]

    def catalogue(self, count: int) -> list[float]:
        """Seconds of each of `count` questions for the first page of the catalogue, without drawing it."""
        actor = self._studio.access.actor(self._session)
        taken = []
        for _ in range(count):
            began = time.perf_counter()
            self._studio.personas.catalogue(actor)
            taken.append(time.perf_counter() - began)
        return taken

    def close(self) -> None:
        """Close the studio."""
        self._studio.close()

    def _open(self) -> None:
        from engine.settings import load_settings
        from engine.studio import open_studio
        from pages.ui.context import use_studio

        self._studio = open_studio(load_settings())
        use_studio(self._studio)

    def _tab(self) -> AppTest:
        tab = AppTest.from_file(HERE.parent / "pages/shell.py", default_timeout=PATIENCE_S)
        tab.session_state["session_id"] = self._session
        return tab


def _run(tab: AppTest) -> float:
    began = time.perf_counter()
    tab.run()
    taken = time.perf_counter() - began
    if tab.exception:
        raise RuntimeError(f"the page failed: {tab.exception[0].message}")
    return taken


def work(kind: str, session: str = "") -> Any:
    """The worker of a kind of page."""
    return Trivial() if kind == "trivial" else StudioPages(session)
