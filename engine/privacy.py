"""A person's rights in what the house holds about them: to have it, to have it deleted; and how long answers are kept.

Deleting an account takes the person's row and all that hangs on it: sessions, identities, second factor, keys,
settings, drafts, personas with every version and rehearsal, comparisons, scenes, kept answers, counters and limits.
Personas that they shared go with them, so they disappear from their colleagues' catalogues too. The lines of the ledger
and of the audit log stay as they were, because what the house paid and what was done has to stay accountable; the id in
them is a pseudonym then, and a shared persona's name in colleagues' lines (`team:handle/key`) keeps the handle.
"""

import base64
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from db.models.audit import AuditEvent
from db.models.base import NOBODY
from db.models.people import Person
from db.models.personas import Persona
from db.session import Database
from db.unit import Unit
from engine.accounts import passwords
from engine.accounts.account import PASSWORDS
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.accounts.people import keep_an_admin
from engine.accounts.rights import Right, needs
from engine.accounts.throttle import take
from engine.errors import BadInput, NotFound, StudioError
from engine.personas.pictures import KEPT_UNUSED

SWEEP_EVERY = timedelta(days=1)
logger = logging.getLogger(__name__)


class Privacy:
    """Export and deletion."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.USE)
    def export(self, actor: Actor) -> dict[str, Any]:
        """Everything about oneself, ready for JSON: times as ISO 8601, money in nano-USD. No secret and no hash.

        Of keys there is what the Keys page shows. In the log others appear by what they are, not by who they are.
        """
        with self._database.read() as unit:
            person = _self(unit, actor)
            data = unit.personal_data
            found = {
                "made_at": self._clock(),
                "profile": _profile(unit, person),
                "settings": data.settings(person.id),
                "limits": data.limits(person.id),
                "sessions": [_columns(row, _SESSION) for row in data.sessions(person.id)],
                "keys": [_columns(row, _KEY) for row in unit.keys.of(person.id)],
                "personas": [_persona(unit, row) for row in data.personas(person.id)],
                "editing": [_columns(row, _EDITING) for row in data.editing(person.id)],
                "edits": [_columns(row, _EDIT) for row in data.edits(person.id)],
                "drafts": [_columns(row, _DRAFT) for row in unit.drafts.of(person.id)],
                "pictures": [_attachment(row) for row in unit.attachments.of(person.id)],
                "answers": [_columns(row, _ANSWER) for row in data.runs(person.id)],
                "threads": [
                    _columns(thread, _THREAD) | {"messages": [_columns(said, _MESSAGE) for said in messages]}
                    for thread, messages in unit.conversations.of_person(person.id)
                ],
                "scenes": [
                    _columns(scene, _SCENE) | {"turns": [_columns(turn, _TURN) for turn in turns]}
                    for scene, turns in unit.scenes.of_person(person.id)
                ],
                "checks": [_columns(row, _CHECK) for row in data.checks(person.id)],
                "rehearsals": [_columns(row, _CELL) for row in data.rehearsed(person.id)],
                "comparisons": [
                    _columns(asked, _COMPARISON) | {"answers": [_columns(said, _COMPARED) for said in answers]}
                    for asked, answers in unit.comparisons.of_person(person.id)
                ],
                "usage": [_columns(row, _USAGE) for row in data.usage(person.id)],
                "log": [_act(row, person.id) for row in data.acts(person.id)],
            }
        return {name: _plain(part) for name, part in found.items()}

    @needs(Right.USE)
    def delete_account(self, actor: Actor, password: str) -> None:
        """Delete oneself, for good. `password` may be empty when there is none.

        Raises BadInput for a wrong password and for the last administrator, TooManyTries.
        """
        now = self._clock()
        with self._database.write() as unit:
            person = _self(unit, actor)
            if person.password_hash:
                take(unit, PASSWORDS, str(person.id), now=now)
        if person.password_hash and not passwords.matches(password, person.password_hash):
            raise BadInput("That is not your password.", field="Password", hint="Nothing was deleted. Try again.")
        self._delete(actor, person.id, password_hash=person.password_hash)

    @needs(Right.MANAGE_PEOPLE)
    def delete_person(self, actor: Actor, person_id: UUID) -> None:
        """Delete somebody, for good. Raises NotFound, and BadInput for the last administrator."""
        self._delete(actor, person_id)

    def _delete(self, actor: Actor, person_id: UUID, *, password_hash: str | None = None) -> None:
        with self._database.write() as unit:
            keep_an_admin(unit, person_id)
            person = unit.people.for_change(person_id)
            if person is None:
                raise NotFound("There is no such person here.", hint="They may be deleted already.")
            if password_hash is not None and person.password_hash != password_hash:
                raise BadInput("The password was changed elsewhere just now.", field="Password")
            before = {"role": person.role, "verified": person.verified_at is not None}
            record(unit, actor.person_id, "person.delete", "person", person.id, self._clock(), before=before)
            unit.throttles.forget(PASSWORDS.bucket(str(person.id)))
            brought = [row.sha256 for row in unit.attachments.of(person.id)]
            unit.personal_data.erase(person.id, person.handle)
            unit.attachments.drop_unused(None, among=brought)


class Retention:
    """Deletes answers that are older than the house keeps them. `days` None keeps them until somebody deletes them."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], days: int | None) -> None:
        self._database = database
        self._clock = clock
        self._days = days
        self._over = threading.Event()

    def sweep(self) -> int:
        """Delete what has been kept long enough; how many answers and threads there were.

        Pictures and card data that nothing names go too, whatever is kept.
        """
        now = self._clock()
        before = None if self._days is None else now - timedelta(days=self._days)
        unused = now - KEPT_UNUSED
        with self._database.read() as unit:
            if not (unit.personal_data.is_anything_due(before) or unit.attachments.is_any_unused(unused)):
                return 0
        with self._database.write() as unit:
            unit.personal_data.drop_ownerless_keys()
            unit.attachments.drop_unused(unused)
            if before is None:
                return 0
            unit.rehearsals.blank_before(before)
            dropped = unit.personal_data.drop_runs(before) + unit.conversations.drop_before(before)
            return dropped + unit.comparisons.drop_before(before) + unit.scenes.drop_before(before)

    def go_live(self) -> None:
        """Sweep once a day from now on, in the background, until `close`."""
        threading.Thread(target=self._daily, name="retention", daemon=True).start()

    def close(self) -> None:
        """Sweep no more."""
        self._over.set()

    def _daily(self) -> None:
        while not self._over.wait(SWEEP_EVERY.total_seconds()):
            try:
                self.sweep()
            except StudioError as problem:
                logger.warning("old answers could not be deleted, tomorrow is another day: %s", problem.message)


_SESSION = ("created_at", "last_seen_at", "expires_at", "revoked_at", "address", "agent")
_KEY = ("provider", "hint", "verdict", "verdict_said", "checked_at", "paused_at", "expires_at", "created_at")
_PERSONA = ("key", "visibility", "version", "content", "created_at", "updated_at", "deleted_at")
_VERSION = ("number", "content", "note", "created_at")
_EDITING = ("name", "added_at")
_EDIT = ("name", "number", "note", "created_at")
_DRAFT = ("key", "content", "step", "base_version", "created_at", "updated_at")
_ATTACHMENT = ("sha256", "kind", "media_type", "size", "saved_at")
_ANSWER = ("question", "text", "state", "saved_at")
_THREAD = ("title", "created_at", "updated_at", "deleted_at")
_MESSAGE = (
    *("role", "text", "state", "persona_key", "persona_version", "persona_name", "mode", "surface", "model"),
    *("route", "usage", "cost_nano", "error", "entity", "rating", "about", "created_at"),
)
_CHECK = ("key", "kind", "title", "question", "expected", "must", "must_not", "removed", "updated_at")
_CELL = ("version", "model", "question", "answer", "state", "judged_by", "reason", "cost_nano", "saved_at")
_COMPARISON = ("question", "created_at")
_COMPARED = (
    *("version", "picked", "provider", "model", "profile", "state", "text", "error"),
    *("usage", "cost_nano", "latency_ms", "first_token_ms", "held", "rating"),
)
_SCENE = ("title", "spec", "state", "said", "shared_at", "created_at", "updated_at", "deleted_at")
_TURN = (
    *(
        "number",
        "speaker",
        "name",
        "persona_key",
        "persona_version",
        "addressed",
        "text",
        "state",
        "strategy",
        "reason",
    ),
    *("model", "route", "usage", "cost_nano", "pick_nano", "error", "created_at"),
)
_USAGE = (
    *("at", "kind", "provider", "model", "profile", "surface", "mode", "tier", "key_source"),
    *("persona_key", "persona_version", "calls", "status", "error_code", "charged", "estimated"),
    *("input", "cache_read", "cache_write", "output", "reasoning", "cost_nano", "attempts"),
    *("latency_ms", "first_token_ms"),
)


def _self(unit: Unit, actor: Actor) -> Person:
    person = unit.people.by_id(actor.person_id) if actor.person_id else None
    if person is None:
        raise NotFound("There is no such account.", hint="It may be deleted already.")
    return person


def _profile(unit: Unit, person: Person) -> dict[str, Any]:
    department = unit.departments.by_id(person.department_id) if person.department_id else None
    return {
        "email": person.email,
        "name": person.name,
        "handle": person.handle,
        "role": person.role,
        "plan": person.plan,
        "department": department.name if department else None,
        "joined_at": person.created_at,
        "verified_at": person.verified_at,
        "has_password": person.password_hash != "",
        "second_factor": unit.second_factors.in_force(person.id),
        "identities": [
            {"issuer": found.issuer, "subject": found.subject, "since": found.created_at}
            for found in unit.identities.of(person.id)
        ],
    }


def _persona(unit: Unit, row: Persona) -> dict[str, Any]:
    versions = [_columns(version, _VERSION) for version in unit.personal_data.versions(row.id)]
    return _columns(row, _PERSONA) | {"versions": versions, "editors": unit.personal_data.editors(row.id)}


def _attachment(row: Any) -> dict[str, Any]:
    """A picture, or the card data of another app: as small as it is shown. It comes whole with its persona's card."""
    small = base64.b64encode(row.display or b"").decode()
    return _columns(row, _ATTACHMENT) | {"small_copy": f"data:image/webp;base64,{small}" if small else None}


def _act(row: AuditEvent, me: UUID) -> dict[str, Any]:
    """A line of the log as its subject sees it: another actor's id and address are theirs."""
    mine = row.actor_id == me
    by = "you" if mine else "the operator" if row.actor_id == NOBODY else "somebody else"
    on_me = row.target_id == str(me)
    return {
        "at": row.at,
        "by": by,
        "action": row.action,
        "on": "you" if on_me else row.target_kind,
        "before": row.before,
        "after": row.after,
        "address": row.address if mine else "",
    }


def _columns(row: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _plain(value: Any) -> Any:
    """The same with times as text, so that any JSON writer takes it."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, datetime) else value
