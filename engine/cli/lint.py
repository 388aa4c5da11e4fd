"""`personas lint`: what the rules find in a persona."""

from dataclasses import asdict
from typing import Annotated

import typer

from engine.authoring.lint import lint
from engine.cli.opened import As, acting, opened
from engine.cli.output import AsJson, print_json
from engine.errors import BadInput, Forbidden


def lint_persona(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The persona, such as maestro or user:ada.")],
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 2 when more than hints are found.")] = False,
    as_: As = "",
    as_json: AsJson = False,
) -> int:
    """Say what to look at in a persona, the worst first; nothing is changed and nobody is asked."""
    with opened() as studio:
        spec = studio.personas.view(acting(studio, as_), key).spec
    if spec is None:
        raise Forbidden(f"The prompt of {key} is closed to you.", hint="Its owner can open it.")
    findings = lint(spec)
    if as_json:
        print_json({"key": key, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            print(f"{finding.severity:7}  {finding.field:19}  {finding.title}: {finding.sentence}")
        print(f"{len(findings)} found." if findings else "Nothing to fix.")
    return BadInput.exit_code if strict and any(finding.severity != "hint" for finding in findings) else 0
