"""The command line. Each command is a few lines: read arguments, ask one service, print."""

import logging
import sys
from uuid import uuid4

import typer
from typer.exceptions import TyperException

from engine import redaction
from engine.cli import ask, audit, controls, database, demo, keys, lint, people, personas, rehearse, theatre, usage
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
app.command("backup")(database.back_up)
app.command("restore")(database.restore)
app.command("ask")(ask.ask)
app.add_typer(people.admin, name="admin")
app.add_typer(people.people, name="people")
app.add_typer(keys.keys, name="keys")
app.add_typer(audit.audit, name="audit")
app.add_typer(controls.controls, name="controls")
personas.personas.command("lint")(lint.lint_persona)
personas.personas.command("rehearse")(rehearse.rehearse)
app.add_typer(personas.personas, name="personas")
app.add_typer(theatre.theatre, name="theatre")
app.add_typer(usage.usage, name="usage")
app.add_typer(demo.demo, name="demo")


def main() -> None:
    """Run a command. Exit codes and error codes are those of `engine.errors`."""
    redaction.install()
    try:
        code = typer.main.get_command(app).main(prog_name="python -m engine", standalone_mode=False)
    except TyperException as problem:
        code = print_error(BadInput(problem.format_message(), hint="`--help` after any command shows how it is used."))
    except StudioError as problem:
        code = print_error(problem)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception as problem:  # noqa: BLE001  the last resort: a reference instead of a traceback
        code = print_error(_unexpected(problem))
    sys.exit(code or 0)


def _unexpected(problem: Exception) -> StudioError:
    """An error with a reference; what happened stands under it on standard error, without secrets."""
    reference = uuid4().hex[:8]
    logging.getLogger("studio").error("reference %s", reference, exc_info=problem)
    return StudioError(f"Something unexpected happened, reference {reference}.", hint="The log has the details.")
