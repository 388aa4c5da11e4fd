"""The checks of a persona as its writer keeps them: looked at, changed, dropped, added."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.personas import Persona as PersonaRow
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.authoring.rehearsal.checks import Check, checks_of
from engine.conversations.ask import clean_question
from engine.errors import BadInput, NotFound
from engine.personas.rights import spec_of
from engine.personas.versions import changeable
from engine.runs import storable

MOST_CHECKS, MOST_PHRASES, LONGEST_PHRASE, LONGEST_TEXT, LONGEST_TITLE = 120, 10, 200, 4_000, 120


class CheckSets:
    """Checks of personas, for those who may change them. Whatever changes them makes earlier rates worth nothing."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.WRITE_PERSONAS)
    def all(self, actor: Actor, key: str) -> tuple[Check, ...]:
        """The checks of a persona as it is published. Raises NotFound."""
        with self._database.read() as unit:
            return check_set(unit, changeable(unit, actor, key))

    @needs(Right.WRITE_PERSONAS)
    def dropped(self, actor: Actor, key: str) -> int:
        """How many checks that follow from the persona were dropped. Raises NotFound."""
        with self._database.read() as unit:
            row = changeable(unit, actor, key)
            there = {check.key for check in checks_of(spec_of(row.content))}
            return sum(edit.removed and edit.key in there for edit in unit.rehearsals.checks(row.id))

    @needs(Right.WRITE_PERSONAS)
    def save(
        self,
        actor: Actor,
        key: str,
        check_key: str | None,
        *,
        title: str,
        question: str,
        expected: str,
        must: Sequence[str] = (),
        must_not: Sequence[str] = (),
    ) -> Check:
        """Change a check, or add one of one's own without a `check_key`. Raises NotFound, and BadInput by field."""
        wanted = _tidy(title, question, expected, must, must_not)
        with self._database.write() as unit:
            row = changeable(unit, actor, key)
            there = {check.key: check for check in check_set(unit, row)}
            if check_key is None:
                if len(there) >= MOST_CHECKS:
                    raise BadInput(f"A persona has at most {MOST_CHECKS} checks.", field="Check", hint="Drop one.")
                check = replace(wanted, key=f"own:{uuid7().hex}")
            elif check_key in there:
                check = replace(wanted, key=check_key, kind=there[check_key].kind)
            else:
                raise _no_check()
            self._put(unit, row.id, check)
        return check

    @needs(Right.WRITE_PERSONAS)
    def drop(self, actor: Actor, key: str, check_key: str) -> None:
        """Leave a check out; one that follows from the persona comes back with `bring_back`. Raises NotFound."""
        with self._database.write() as unit:
            row = changeable(unit, actor, key)
            check = next((check for check in check_set(unit, row) if check.key == check_key), None)
            if check is None:
                raise _no_check()
            if check.kind == "own":
                unit.rehearsals.drop_check(row.id, check_key)
                unit.rehearsals.forget_rates(row.id)
            else:
                self._put(unit, row.id, check, removed=True)

    @needs(Right.WRITE_PERSONAS)
    def bring_back(self, actor: Actor, key: str) -> None:
        """Take all dropped checks in again, as they follow from the persona. Raises NotFound."""
        with self._database.write() as unit:
            row = changeable(unit, actor, key)
            for edit in unit.rehearsals.checks(row.id):
                if edit.removed:
                    unit.rehearsals.drop_check(row.id, edit.key)
            unit.rehearsals.forget_rates(row.id)

    def _put(self, unit: Unit, persona_id: UUID, check: Check, *, removed: bool = False) -> None:
        values: dict[str, Any] = {
            name: getattr(check, name) for name in ("key", "kind", "title", "question", "expected")
        }
        phrases = {"must": list(check.must), "must_not": list(check.must_not)}
        more = {"persona_id": persona_id, "removed": removed, "updated_at": self._clock()}
        unit.rehearsals.save_check(values | phrases | more)
        unit.rehearsals.forget_rates(persona_id)


def check_set(unit: Unit, row: PersonaRow) -> tuple[Check, ...]:
    """The checks that a persona is to pass as it is published."""
    return checks_of(spec_of(row.content), unit.rehearsals.checks(row.id))[:MOST_CHECKS]


def _tidy(title: str, question: str, expected: str, must: Sequence[str], must_not: Sequence[str]) -> Check:
    asked, wanted = clean_question(question), storable(expected.strip())
    phrases = [[storable(" ".join(each.split())) for each in group if each.strip()] for group in (must, must_not)]
    if len(asked) > LONGEST_TEXT:
        raise BadInput(f"A question has at most {LONGEST_TEXT:,} characters.", field="Question", hint="Shorten it.")
    if len(wanted) > LONGEST_TEXT:
        raise BadInput(f"At most {LONGEST_TEXT:,} characters fit.", field="Expected", hint="Shorten it.")
    if not wanted and not any(phrases):
        raise BadInput(
            "Nothing says when this check is passed.",
            field="Expected",
            hint="Say what a good answer is like, or name phrases.",
        )
    for field, group in zip(("Must occur", "Must not occur"), phrases, strict=True):
        if len(group) > MOST_PHRASES or any(len(each) > LONGEST_PHRASE for each in group):
            raise BadInput(
                f"At most {MOST_PHRASES} phrases of {LONGEST_PHRASE} characters fit.", field=field, hint="Shorten them."
            )
    said = storable(" ".join(title.split()))[:LONGEST_TITLE] or asked[:LONGEST_TITLE]
    return Check("", "own", said, asked, wanted, tuple(phrases[0]), tuple(phrases[1]), edited=True)


def _no_check() -> NotFound:
    return NotFound("There is no such check any more.", hint="It was dropped, or its limit was, perhaps elsewhere.")
