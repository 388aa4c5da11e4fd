"""Safety and speed settings of Streamlit, which a careless edit would lose in silence."""

import tomllib
from pathlib import Path

import pytest

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit/config.toml").read_text())

PINNED = {
    "server.port": 8501,
    "server.address": "127.0.0.1",
    "server.headless": True,
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.xsrfCookieSameSite": "lax",
    "server.corsAllowedOrigins": [],
    "server.maxUploadSize": 10,
    "server.maxMessageSize": 50,
    "server.maxWidgetStateSize": 10,
    "server.disconnectedSessionTTL": 120,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.fileWatcherType": "none",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "logger.enableRich": False,
    "runner.fastReruns": False,
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,
    "browser.gatherUsageStats": False,
    "browser.serverAddress": "localhost",
}


@pytest.mark.parametrize(("name", "value"), PINNED.items())
def test_a_setting_is_what_it_was_decided_to_be(name, value):
    section, _, option = name.partition(".")
    assert CONFIG[section][option] == value


@pytest.mark.parametrize("name", PINNED)
def test_streamlit_knows_the_setting(name):
    from streamlit import config

    assert config.get_options_for_section(name.partition(".")[0]).keys() >= {name.partition(".")[2]}


def test_no_setting_is_there_that_nobody_decided_on():
    decided = {name for section in ("server", "client", "logger", "runner", "browser") for name in _names(section)}
    assert decided == set(PINNED)


def _names(section):
    return [f"{section}.{option}" for option in CONFIG[section]]


def _light(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def _contrast(one, other):
    low, high = sorted((_light(one), _light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_primary_buttons_can_be_read_in_both_themes(theme):
    colours = CONFIG["theme"][theme]
    assert _contrast(colours["textColor"], colours["backgroundColor"]) >= 4.5
    assert _contrast(colours["textColor"], colours["secondaryBackgroundColor"]) >= 4.5
    assert _contrast(colours["linkColor"], colours["backgroundColor"]) >= 4.5
    assert _contrast("#FFFFFF", colours["primaryColor"]) >= 4.5
    for hue in ("red", "orange", "yellow", "blue", "green", "violet", "gray"):
        assert _contrast(colours[f"{hue}TextColor"], colours["backgroundColor"]) >= 4.5, hue
