"""Who is asking. Read from the database for each call, never kept in a page."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person may administer."""

    USER = "user"
    LEAD = "lead"
    ADMIN = "admin"


class Standing(IntEnum):
    """How far a person is known; surfaces ask for one."""

    BLOCKED = 0
    UNVERIFIED = 1
    VERIFIED = 2


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as the engine sees them during one call. `person_id` is None for the operator."""

    person_id: UUID | None
    role: Role
    standing: Standing
    name: str
    handle: str
    email: str
    department_id: UUID | None = None

    @classmethod
    def operator(cls) -> "Actor":
        """Whoever holds the database: the command line without `--as`, and the module-level calls.

        Recorded and under the kill switch, but refused by no limit.
        """
        return cls(None, Role.ADMIN, Standing.VERIFIED, "Operator", "operator", "")

    @property
    def is_operator(self) -> bool:
        """Whether no person stands behind the call."""
        return self.person_id is None
