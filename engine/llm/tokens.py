"""How long a text is, without asking anybody."""

import re
from collections.abc import Callable
from math import ceil

Measure = Callable[[str, str, int], int]
"""How many tokens a provider's model makes of so many estimated ones."""

_ASCII = bytes(range(128))
_PLAIN = bytes(code for code in _ASCII if chr(code).isalpha() or chr(code).isspace())
_BEYOND_ASCII = bytes(range(128, 256))
_WIDE = re.compile("[\u2e80-\U0010ffff]")


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of `text` offline.

    Weights by kind of character: a Latin letter or space is about a quarter of a token, other ASCII
    two fifths, other alphabets a half, and East Asian characters and emoji one. Measured on samples
    of English, Spanish, Japanese and code it errs by about a tenth, mostly upwards.
    """
    raw = text.encode(errors="surrogatepass")
    beyond = raw.translate(None, _ASCII).decode(errors="surrogatepass")
    punctuation = len(raw.translate(None, _PLAIN + _BEYOND_ASCII))
    plain = len(text) - len(beyond) - punctuation
    wide = len(_WIDE.findall(beyond))
    return ceil(plain / 4 + punctuation / 2.5 + (len(beyond) - wide) / 2 + wide)


def as_estimated(provider: str, model: str, tokens: int) -> int:
    """The measure of whoever knows nothing of models."""
    return tokens
