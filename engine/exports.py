"""Tables as files: CSV that no spreadsheet takes for formulas, and JSON.

Whoever reads such a CSV with a program takes one leading apostrophe off a quoted field. (OWASP, "CSV Injection";
ASVS 5.0, 1.2.10; form of the file: RFC 4180.)
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Form = Literal["csv", "json"]

_FORMULA = frozenset("=+-@\u2212")
_CONTROL = frozenset("\t\r\n\0")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Form) -> bytes:
    """The rows of a table as a file in UTF-8, each value under the column of its place."""
    return as_csv(columns, rows) if form == "csv" else as_json(columns, rows)


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A header and the rows. Numbers stand as numbers; all else is quoted, and nothing when there is no value."""
    lines = [",".join(map(_field, row)) for row in (columns, *rows)]
    return "".join(f"{line}\r\n" for line in lines).encode()


def as_json(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A list of objects. Instants are in ISO 8601; exact decimals are texts, so that no digit is lost."""
    objects = [dict(zip(columns, row, strict=True)) for row in rows]
    return json.dumps(objects, ensure_ascii=False, indent=2, default=_text).encode() + b"\n"


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and _is_finite(value):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return '"' + _harmless(_text(value)).replace('"', '""') + '"'


def _is_finite(number: float | Decimal) -> bool:
    return number.is_finite() if isinstance(number, Decimal) else abs(number) != float("inf") and number == number


def _text(value: Any) -> str:
    """A value in the words of both kinds of file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_text)
    return str(value)


def _harmless(text: str) -> str:
    """The text, behind an apostrophe when a spreadsheet could take it for a formula.

    Looked at is what comes first, also behind blanks and invisible characters and in full-width and small forms.
    """
    for character in text:
        if character in _CONTROL or unicodedata.normalize("NFKC", character)[0] in _FORMULA:
            return f"'{text}"
        if not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf"):
            break
    return text
