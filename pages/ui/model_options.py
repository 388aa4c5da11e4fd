"""The models that one can pick several of: profiles first, then every model that one can have, by name."""

from engine.providers import PROVIDERS
from pages.ui.context import current_actor, get_studio


def model_options() -> dict[str, str]:
    """What `model=` takes, with what it is called."""
    studio, actor = get_studio(), current_actor()
    options = {choice.value: choice.label for choice in studio.models.choices(actor)}
    for row in studio.models.rows(actor):
        options.setdefault(row.ref, f"{PROVIDERS[row.provider].label} · {row.model}")
    marked = [ref for ref in studio.models.favourites(actor) if studio.models.available(actor, ref.partition(":")[0])]
    return options | {ref: named(ref) for ref in marked if ref not in options}


def named(ref: str) -> str:
    """A model that is written provider:model, as one reads it."""
    provider, _, model = ref.partition(":")
    return f"{PROVIDERS[provider].label} · {model}" if provider in PROVIDERS else ref


def short(ref: str) -> str:
    """A model without its provider."""
    return ref.partition(":")[2] or ref
