"""What an actor may do. Every method of a service declares its right, and a test finds those that do not."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from engine.accounts.actor import Actor, Role, Standing
from engine.errors import Forbidden

P = ParamSpec("P")
S = TypeVar("S")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


class Right(StrEnum):
    """The rights of the house."""

    USE = "use the studio"
    WRITE_PERSONAS = "write personas"
    MANAGE_PEOPLE = "manage people"
    MANAGE_DEPARTMENTS = "manage departments"
    LEAD_DEPARTMENT = "choose the personas of a department"
    KEEP_BUILT_INS = "keep the built-in personas"
    SEE_AUDIT = "see the audit log"
    KEEP_HOUSE_KEYS = "keep the keys of the house"
    MANAGE_ALLOWANCES = "set plans and budgets"
    MANAGE_ROUTING = "route calls"
    STOP_AI = "stop AI"
    SEE_HOUSE_USAGE = "see the usage of everyone"


MEMBER = frozenset({Right.USE, Right.WRITE_PERSONAS})
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.USER: MEMBER,
    Role.LEAD: MEMBER | {Right.LEAD_DEPARTMENT},
    Role.ADMIN: frozenset(Right),
}


def demand(actor: Actor, right: Right) -> None:
    """Raise Forbidden for anybody who does not have the right, and for nobody."""
    if not isinstance(actor, Actor) or actor.standing is Standing.BLOCKED or right not in RIGHTS[actor.role]:
        raise Forbidden(f"You may not {right.value}.", hint="Sign in, or ask an administrator.")


def needs(
    right: Right,
) -> Callable[[Callable[Concatenate[S, Actor, P], R]], Callable[Concatenate[S, Actor, P], R]]:
    """Declare the right that a service method asks of its actor; anybody without it is refused."""

    def declare(method: Callable[Concatenate[S, Actor, P], R]) -> Callable[Concatenate[S, Actor, P], R]:
        @wraps(method)
        def guarded(self: S, actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            demand(actor, right)
            return method(self, actor, *args, **kwargs)

        guarded.__right__ = right  # type: ignore[attr-defined]
        return guarded

    return declare


def open_to_anyone(method: F) -> F:
    """Declare that a method is asked before there is an actor: it is part of how one comes to be."""
    method.__right__ = None  # type: ignore[attr-defined]
    return method
