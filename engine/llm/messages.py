"""What is said in a conversation."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `name` is the speaker, when several share the role of user."""

    role: Role
    text: str
    name: str | None = None
