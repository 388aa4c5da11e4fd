"""The studio a command works on, and on whose behalf."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from engine.accounts.actor import Actor
from engine.settings import load_settings
from engine.studio import Studio, open_studio

As = Annotated[str, typer.Option("--as", metavar="EMAIL", help="Act as this person, within their rights and limits.")]


@contextmanager
def opened() -> Iterator[Studio]:
    """A studio on the settings of the environment, closed at the end."""
    studio = open_studio(load_settings())
    try:
        yield studio
    finally:
        studio.close()


def acting(studio: Studio, email: str) -> Actor:
    """The person named by `--as`, or the operator."""
    operator = Actor.operator()
    return studio.people.acting_as(operator, email) if email else operator
