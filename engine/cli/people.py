"""`admin create` and `people …`: who may come in."""

import getpass
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from engine.accounts.actor import Actor, Role
from engine.accounts.people import Person
from engine.cli.opened import opened
from engine.cli.output import AsJson, print_json

admin = typer.Typer(help="The administrators.", no_args_is_help=True, rich_markup_mode=None)
people = typer.Typer(help="The people of the studio.", no_args_is_help=True, rich_markup_mode=None)

Email = Annotated[str, typer.Argument(metavar="EMAIL")]


@admin.callback()
def _admin() -> None:
    """The administrators."""


@admin.command("create")
def create_admin(
    email: Annotated[str, typer.Option(help="The address to sign in with.")],
    name: Annotated[str, typer.Option(help="What to call them; the address, when left out.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an administrator."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else getpass.getpass()
    with opened() as studio:
        person = studio.people.add(
            Actor.operator(), email=email, name=name, password=password, role=Role.ADMIN, verified=True
        )
    _print_person(person, as_json, "is an administrator now")


@people.command("add")
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="What to call them; the address, when left out.")] = "",
    role: Annotated[Role, typer.Option(help="What they may administer.")] = Role.USER,
    verified: Annotated[bool, typer.Option("--verified", help="Take the address as proved.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a person."""
    with opened() as studio:
        person = studio.people.add(Actor.operator(), email=email, name=name, role=role, verified=verified)
    _print_person(person, as_json, "was added")


@people.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List everybody."""
    with opened() as studio:
        everybody = studio.people.all(Actor.operator())
    if as_json:
        print_json({"people": [_as_dict(person) for person in everybody]})
        return
    for person in everybody:
        state = "disabled" if person.disabled else "verified" if person.verified else "not verified"
        print(f"{person.email}  {person.name}  @{person.handle}  {person.role}  {state}")


@people.command("verify")
def verify(email: Email, as_json: AsJson = False) -> None:
    """Take a person's address as proved."""
    with opened() as studio:
        person = studio.people.verify(Actor.operator(), email)
    _print_person(person, as_json, "is verified")


@people.command("disable")
def disable(email: Email, as_json: AsJson = False) -> None:
    """Keep a person out; what is theirs stays."""
    with opened() as studio:
        found = studio.people.by_email(Actor.operator(), email)
        person = studio.people.disable(Actor.operator(), found.id)
    _print_person(person, as_json, "is disabled")


@people.command("enable")
def enable(email: Email, as_json: AsJson = False) -> None:
    """Let a disabled person in again; they sign in anew."""
    with opened() as studio:
        found = studio.people.by_email(Actor.operator(), email)
        person = studio.people.enable(Actor.operator(), found.id)
    _print_person(person, as_json, "is enabled")


@people.command("remove-second-factor")
def remove_second_factor(email: Email, as_json: AsJson = False) -> None:
    """Let a person who lost their authenticator and its codes sign in by password alone."""
    with opened() as studio:
        found = studio.people.by_email(Actor.operator(), email)
        person = studio.people.remove_second_factor(Actor.operator(), found.id)
    _print_person(person, as_json, "signs in by password alone")


@people.command("set-role")
def set_role(
    email: Email,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="user, lead or admin.")],
    as_json: AsJson = False,
) -> None:
    """Say what a person may administer."""
    with opened() as studio:
        found = studio.people.by_email(Actor.operator(), email)
        person = studio.people.set_role(Actor.operator(), found.id, role)
    _print_person(person, as_json, f"has the role {person.role}")


@people.command("set-plan")
def set_plan(
    email: Email,
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="A plan by its key, such as standard.")],
    as_json: AsJson = False,
) -> None:
    """Say what a person may use of the house's keys."""
    with opened() as studio:
        found = studio.people.by_email(Actor.operator(), email)
        studio.allowances.give_plan(Actor.operator(), found.id, plan)
    _print_person(found, as_json, f"is on the plan {plan}")


def _as_dict(person: Person) -> dict[str, Any]:
    seen = person.last_seen_at
    return {
        **asdict(person),
        "created_at": person.created_at.isoformat(),
        "last_seen_at": seen and seen.isoformat(),
    }


def _print_person(person: Person, as_json: bool, what: str) -> None:
    if as_json:
        print_json(_as_dict(person))
    else:
        print(f"{person.name} <{person.email}> {what}.")
