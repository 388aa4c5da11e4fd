"""Dates and instants as they are typed."""

from datetime import UTC, datetime

from engine.errors import BadInput


def instant(text: str, field: str) -> datetime | None:
    """The instant of an ISO date or time, in UTC unless it says another zone; None for an empty text.

    Raises BadInput that names the field.
    """
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a date.", field=field, hint="Write 2026-11-22, or 2026-11-22T09:30.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
