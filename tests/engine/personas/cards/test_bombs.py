"""Hostile files are refused in a clear sentence, or read without harm; neither takes much memory nor an exception."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import BadInput
from engine.personas.card_service import looked_into
from engine.personas.cards import FORMATS, Card
from engine.personas.cards.archive import archive_of
from engine.personas.cards.card import Picture
from tests.engine.personas.cards import bombs
from tests.engine.personas.cards.made import picture
from tests.engine.personas.cards.test_round_trip import ADA

ROOT = Path(__file__).parents[4]
MOST_MEMORY = 150 * bombs.MIB


def test_the_corpus_is_refused_or_read_in_little_memory(tmp_path: Path) -> None:
    """Both halves run apart from the tests, whose own memory would hide what reading takes."""
    for act in ("write", "read"):
        command = [sys.executable, "-m", bombs.__name__, act, str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
    came = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(came) > 70
    wrong = [each for each in came if not _as_expected(each)]
    assert wrong == []
    assert sum(each["grown"] for each in came) < MOST_MEMORY
    dropped = {each["name"]: each["dropped"] for each in came}
    assert "cannot be read" in dropped["broken pixels"] and "9,000 × 9,000" in dropped["many pixels inside"]
    assert "4,000 bytes after the end" in dropped["with a tail"]
    assert [dropped[f"squeezed {kind}"] for kind in ("zTXt", "iTXt", "iCCP")] == [""] * 3


def _as_expected(came: dict[str, str]) -> bool:
    if came["expected"] == bombs.READ:
        return came["said"] == bombs.READ
    return came["expected"] in came["said"] and came["hint"].startswith("Nothing was imported.")


def good_files() -> list[tuple[str, bytes]]:
    """A card in each format, with a picture of each kind."""
    found = []
    for kind in ("PNG", "JPEG", "WEBP"):
        brought = Picture(picture(kind, (16, 16)))
        card = Card(ADA.model_copy(update={"avatar": brought.key}), picture=brought)
        found += [(f"x{ending}", FORMATS[ending].write(card).data) for ending in FORMATS]
    return [*found, ("x.charx", archive_of({"card.json": bombs.card(), "a/b.txt": b"x" * 99}))]


def flip(data: bytes, chance: random.Random) -> bytes:
    """A file with a few bytes changed, gone, twice or moved."""
    body = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, act = chance.randrange(len(body)), chance.randrange(4)
        if act == 0:
            body[at] = chance.randrange(256)
        elif act == 1:
            del body[at : at + chance.randint(1, 9)]
        elif act == 2:
            body[at:at] = body[at : at + chance.randint(1, 99)]
        else:
            body[at : at + 4] = chance.randbytes(4)
        body = body or bytearray(b"?")
    return bytes(body)


def harmed(number: int) -> int:
    """Read so many damaged files; how many were refused. Anything but a refusal is raised."""
    chance, files, refused = random.Random(7), good_files(), 0
    for _ in range(number):
        name, data = chance.choice(files)
        try:
            looked_into(name, flip(data, chance))
        except BadInput:
            refused += 1
    return refused


def test_damaged_files_are_read_or_refused() -> None:
    assert 300 < harmed(600) < 600


@pytest.mark.slow
def test_twenty_thousand_damaged_files_are_read_or_refused() -> None:
    assert 10_000 < harmed(20_000) < 20_000
