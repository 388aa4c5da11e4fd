"""The program of the child process that serves a local model. Run by its path; imports nothing of the studio.

One line of JSON on standard input says what to serve; one on standard output says on which port. It
lives until its standard input ends, which it does when the parent closes it or is gone, however it went.
"""

import json
import os
import signal
import sys

import xllamacpp


def parameters(settings: dict[str, str]) -> xllamacpp.CommonParams:
    """One slot with all of the model's context, closed to web pages and to everyone without the key."""
    params = xllamacpp.CommonParams()
    params.model.path = settings["path"]
    params.model_alias = {settings["alias"]}
    params.api_keys = [settings["key"]]
    params.cors_origins = "http://127.0.0.1"
    params.offline = True
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 0
    params.n_parallel = 1
    params.n_batch = 128  # a stopped call frees the slot between two batches
    params.cache_ram_mib = 0
    params.cpuparams.n_threads = max(1, _processors() - 1)
    return params


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    """Serve until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C goes to the whole group; the parent decides
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the library prints is not an answer
    server = xllamacpp.Server(parameters(json.loads(sys.stdin.readline())))
    print(json.dumps({"port": int(server.listening_address.rpartition(":")[2])}), file=answers, flush=True)
    sys.stdin.read()
    os._exit(0)  # tearing down a server that is still writing blocks


main()
