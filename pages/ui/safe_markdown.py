"""Text by models and people as markdown that can neither load nor fake anything.

A word joiner (U+2060) shows as nothing and takes no room, and syntax that it splits is plain text. Fenced code
is left alone, so that it can be copied as it is; only fences at the start of a line count, because those can
neither sit in a list or quote nor end with one.
"""

import re
from textwrap import dedent

JOINER = "\u2060"

# Controls, invisible spaces and direction overrides; joiners that alphabets and emoji need stay.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]")
_FENCE = re.compile(r"(?P<mark>`{3,}(?=[^`]*$)|~{3,})")
_INLINE_CODE = re.compile(r"((?<!`)(`+)(?!`).*?(?<!`)\2(?!`))")

_SAFE_URL = r"\s*<?(?:https?://|mailto:)"
_SPLIT = (
    re.compile(r"!(?=\[)"),  # an image would be fetched: it becomes a link
    re.compile(rf"\](?=[(:](?!{_SAFE_URL}))"),  # a link, or its definition, to anything but the web or a mailbox
    re.compile(r"<(?=[a-z][a-z0-9+.-]*:)(?!https?://|mailto:)", re.IGNORECASE),
    re.compile(r"^ {0,3}(?=<|\$\$|:::)"),  # blocks that would swallow the fence of a code block
)
_DIRECTIVE = re.compile(r":(?=material/|[a-z]+(?:-[a-z]+)*\[|[a-z0-9_+-]+:)")


def safe_markdown(text: str) -> str:
    """`text` as markdown without images, raw HTML, maths, colours and icons, and with web and mail links only."""
    visible = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    made, closing, sure = [], None, True
    for line in dedent(visible).strip().split("\n"):  # as Streamlit does before it reads markdown
        if closing is not None:
            made.append(line)
            closing = None if closing.match(line) else closing
        elif sure and (fence := _FENCE.match(line)):
            made.append(line)
            closing = _closing(fence["mark"])
        else:
            # A fence within a line or a list may end anywhere: from there on nothing counts as code.
            sure = sure and "```" not in line and "~~~" not in line
            made.append(_undressed(_split(line)) if sure else _split(line))
    return "\n".join(made)


def _closing(mark: str) -> re.Pattern[str]:
    return re.compile(rf"^ {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$")


def _split(line: str) -> str:
    for syntax in _SPLIT:
        line = syntax.sub(lambda found: found[0] + JOINER, line)
    return line


def _undressed(line: str) -> str:
    """Dollars are dollars, and `:red[…]` is what it says, except in inline code, which shows them as they are."""
    parts = _INLINE_CODE.split(line)  # prose, code, its backticks, prose, …
    return "".join(
        part if at % 3 == 1 else _DIRECTIVE.sub(":" + JOINER, part).replace("$", r"\$")
        for at, part in enumerate(parts)
        if at % 3 != 2
    )
