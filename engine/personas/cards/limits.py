"""What an imported file may be, asked before any decoder runs. Each refusal says what was found and what fits."""

import json
import re
from typing import Any, NoReturn

from engine.errors import BadInput

MIB = 1024 * 1024
FILE_BYTES, TEXT_BYTES, INFLATED_BYTES = 10 * MIB, 2 * MIB, 20 * MIB
DEPTH, NODES, BOOK_ENTRIES = 32, 200_000, 1_000
NOTHING_IMPORTED = "Nothing was imported."

# A string, which may lack its end, or a sign that opens, closes or separates. Never goes back: linear in any text.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def refused(what: str, *, hint: str = "") -> BadInput:
    """The refusal of a file."""
    return BadInput(what, field="File", hint=f"{NOTHING_IMPORTED} {hint}".strip())


def said_at_the_end(problem: BadInput) -> BadInput:
    """The same refusal, which also says that nothing was imported."""
    if problem.hint.startswith(NOTHING_IMPORTED):
        return problem
    return refused(problem.message, hint=problem.hint)


def check_size(data: bytes) -> None:
    """Refuse a file that is too large. Raises BadInput."""
    if len(data) > FILE_BYTES:
        raise refused(f"The file has {len(data) / MIB:.1f} MiB; at most {FILE_BYTES // MIB} MiB fit.")


def text_of(raw: bytes, what: str) -> str:
    """UTF-8 as text. Raises BadInput when there is too much of it, or when it is something else."""
    if len(raw) > TEXT_BYTES:
        said = f"{what} has {len(raw) / MIB:.1f} MiB of text; at most {TEXT_BYTES // MIB} MiB fit."
        raise refused(said, hint="A long lorebook or a picture inside the text makes it large.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        said = f"{what} is not UTF-8 text: byte {problem.start + 1:,} is not."
        raise refused(said, hint="Save it as UTF-8.") from None


def json_of(raw: bytes, what: str = "The card") -> Any:
    """JSON as Python has it. Raises BadInput when it is too large, too deep, too much, or not JSON."""
    text = text_of(raw, what)
    _check_shape(raw, what)

    def no_number(word: str) -> NoReturn:
        raise refused(f"{what} has {word} in it, which is no JSON number.")

    try:
        return json.loads(text, parse_constant=no_number)
    except json.JSONDecodeError as problem:
        raise refused(f"{what} is not JSON: line {problem.lineno}, column {problem.colno}.") from None
    except ValueError:
        raise refused(f"{what} has a number with thousands of digits in it.") from None


def too_deep(what: str) -> BadInput:
    """The refusal of boxes in boxes in boxes."""
    return refused(f"{what} is nested deeper than {DEPTH} levels.")


def too_many(what: str) -> BadInput:
    """The refusal of very many small values."""
    return refused(f"{what} has more than {NODES:,} values in it.")


def check_entries(book: object) -> None:
    """Refuse a lorebook with too many entries. Raises BadInput."""
    entries = book.get("entries") if isinstance(book, dict) else None
    if isinstance(entries, (list, dict)) and len(entries) > BOOK_ENTRIES:
        raise refused(f"The lorebook has {len(entries):,} entries; at most {BOOK_ENTRIES:,} fit.")


def _check_shape(raw: bytes, what: str) -> None:
    """Count levels and values before a parser makes objects of them."""
    depth = nodes = 0
    for token in _TOKEN.finditer(raw):
        sign = raw[token.start()]
        if sign in b"[{":
            depth += 1
            nodes += 1
            if depth > DEPTH:
                raise too_deep(what)
        elif sign in b"]}":
            depth -= 1
        elif sign == ord(","):
            nodes += 1
        if nodes > NODES:
            raise too_many(what)
