"""The placeholders of character cards, put in place by plain substitution; nothing is ever evaluated.

Known are the name of the character and of the user, `{{original}}` (what an app would say itself: here nothing) and
comments. Any other stays as it was written.
"""

import re

# Possessive throughout: linear in any text.
_MACRO = re.compile(r"\{\{\s*+(?:(char|user|original)\s*+|(?://|comment:)[^{}]*+)\}\}|<(bot|user)>", re.IGNORECASE)
_OTHER = re.compile(r"\{\{\s*+(\w++)[^{}]*+\}\}")
_BLANKS = re.compile(r"\n{3,}")
USER = "the user"


def resolved(text: str, name: str) -> str:
    """A text with names in the places of their placeholders, without comments and `{{original}}`."""
    words = {"char": name or "{{char}}", "bot": name or "{{char}}", "user": USER}

    def word(found: re.Match[str]) -> str:
        return words.get((found[1] or found[2] or "").lower(), "")

    without = _MACRO.sub(word, text)
    return without if without == text else _BLANKS.sub("\n\n", without).strip()


def others_in(text: str) -> list[str]:
    """The placeholders that stay, by name, each once."""
    found = (match[1].lower() for match in _OTHER.finditer(text))
    return [name for name in dict.fromkeys(found) if name not in ("char", "user", "original", "comment")]
