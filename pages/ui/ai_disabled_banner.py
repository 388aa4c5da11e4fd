"""What is said, above the title of every page, to those whom a stop of AI touches."""

import streamlit as st

from engine.accounts.actor import Actor
from engine.providers import PROVIDERS
from engine.routing.route import Route
from engine.usage.controls import Notice
from pages.ui import formats
from pages.ui.context import get_studio

ICON = ":material/pause_circle:"

# What of AI is paused for those who read it; scopes that name a thing have `{}` for it.
PAUSED = {
    "everything": "AI is paused for everyone",
    "house_keys": "The house's keys are paused",
    "provider": "{} models are paused",
    "model": "{} is paused",
    "profile": "Models of the profile {} are paused",
    "surface": "{} is paused",
    "department": "AI is paused for your department",
    "person": "AI is paused for you",
}
STILL = {
    "house_keys": "Free models and keys of your own still answer.",
    "provider": "Other providers still answer.",
    "model": "Other models still answer.",
    "profile": "Other models still answer.",
    "surface": "Everything else still answers.",
}
SAFE = "Your work is safe; you can still write and edit."


def shell_banner(actor: Actor) -> None:
    """The banner of the shell, for those whom something stops."""
    if found := get_studio().controls.notice(actor):
        banner(found)


def banner(notice: Notice) -> None:
    """Red when nobody can answer, amber when only part is stopped, blue for one's own wish."""
    box = st.info if notice.by == "self" else st.error if notice.off else st.warning
    box(banner_text(notice), icon=ICON)


def banner_text(notice: Notice) -> str:
    """What is stopped, until when, why, and what still works."""
    if notice.by == "self":
        return f"**You have switched AI off for yourself.** {SAFE} Switch it on again on the Account page."
    if notice.by == "operator":
        return f"**AI is switched off by the operator.** {SAFE}"
    until = f" until {formats.until(notice.until)}" if notice.until else ""
    author = f" Paused by {formats.plain(notice.author)}." if notice.author else ""
    head = PAUSED[notice.scope].format(formats.plain(target_word(notice.scope, notice.target)))
    return f"**{head}**{until}. {_reason(notice)} {STILL.get(notice.scope, SAFE)}{author}"


def silence(notice: Notice | None) -> str:
    """Why nobody can answer, in one line; empty while somebody can."""
    if notice is None or not notice.off:
        return ""
    if notice.by == "self":
        return "You have switched AI off for yourself."
    if notice.by == "operator":
        return "AI is switched off by the operator."
    until = f" before {formats.until(notice.until)}" if notice.until else " for now"
    return f"Nobody can answer{until}. {_reason(notice)}"


def unless_stopped(actor: Actor, route: Route, surface: str) -> None:
    """Raise StoppedByAdmin when a stop of a part of AI would turn away a call on this route.

    Of a stop that silences all of it `silence` tells.
    """
    controls = get_studio().controls
    found = controls.notice(actor)
    if found is not None and not found.off:
        asked = ("provider", "model", "profile", "key_source", "free")
        controls.check(actor, surface=surface, **{name: getattr(route, name) for name in asked})


def target_word(scope: str, target: str) -> str:
    """What a provider, model, profile or surface is called; others are called by their id."""
    if scope == "provider":
        return PROVIDERS[target].label if target in PROVIDERS else target
    if scope == "model":
        provider, _, model = target.partition(":")
        return f"{model} ({PROVIDERS[provider].label})" if provider in PROVIDERS else target
    words = target.replace("-", " ")
    return words[:1].upper() + words[1:] if scope == "surface" else words


def _reason(notice: Notice) -> str:
    reason = formats.plain(notice.reason)
    return reason if reason[-1:] in ".!?…" else f"{reason}."
