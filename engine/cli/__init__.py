"""The command line. Each command is a few lines: read arguments, ask one service, print."""

import sys

import typer
from typer.exceptions import TyperException

from engine.cli import ask, database, people
from engine.cli.output import print_error
from engine.errors import BadInput, StudioError

app = typer.Typer(
    name="python -m engine",
    help="Persona Studio on the command line.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.command("doctor")(database.doctor)
app.command("migrate")(database.migrate_database)
app.command("ask")(ask.ask)
app.add_typer(people.admin, name="admin")
app.add_typer(people.people, name="people")


def main() -> None:
    """Run a command. Exit codes and error codes are those of `engine.errors`."""
    try:
        code = typer.main.get_command(app).main(prog_name="python -m engine", standalone_mode=False)
    except TyperException as problem:
        code = print_error(BadInput(problem.format_message(), hint="`--help` after any command shows how it is used."))
    except StudioError as problem:
        code = print_error(problem)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    sys.exit(code or 0)
