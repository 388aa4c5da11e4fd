"""LiteLLM in an environment of its own, at one pinned version, installed without any key in reach."""

import os
import subprocess
import venv
from pathlib import Path

from benchmarks.processes import ROOT, environment

LITELLM = "1.106.2"
FOLDER = ROOT / "benchmarks" / ".litellm-venv"
PATIENCE_S = 300
PIP_VARIABLES = ("PIP_", "SSL_", "REQUESTS_CA", "HTTP", "http", "NO_PROXY", "no_proxy")


def litellm_python() -> tuple[Path | None, str]:
    """The interpreter that has LiteLLM, or None and why there is none."""
    python, ready = FOLDER / "bin" / "python", FOLDER / f"litellm-{LITELLM}"
    if ready.exists():
        return python, ""
    try:
        venv.create(FOLDER, clear=True, with_pip=True)
        _install(python)
    except (OSError, subprocess.SubprocessError) as problem:
        said = getattr(problem, "stderr", "") or str(problem)
        last = said.strip().splitlines()[-1:] or ["no reason given"]
        return None, f"litellm {LITELLM} could not be installed here ({last[0][:200]})"
    ready.touch()
    return python, ""


def _install(python: Path) -> None:
    way_out = {name: value for name, value in os.environ.items() if name.startswith(PIP_VARIABLES)}
    subprocess.run(  # noqa: S603  our own interpreter
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"litellm=={LITELLM}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environment(**way_out),
        cwd=FOLDER,
    )
