"""A studio whose models act."""

import pytest

from tests.engine.theatre.acting import Acting


@pytest.fixture
def local() -> Acting:
    """What stands in for the local model."""
    return Acting()


@pytest.fixture
def openai() -> Acting:
    """What stands in for OpenAI."""
    return Acting()
