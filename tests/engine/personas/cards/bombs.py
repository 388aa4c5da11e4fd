"""Files that have broken other programs, and what is said of each. As a program it writes or reads them all.

Files that are merely strange and do no harm are expected to be read.
"""

import base64
import io
import json
import resource
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import BadInput
from engine.personas.card_service import looked_into
from engine.personas.cards import FORMATS, Card
from engine.personas.pictures.chunks import SIGNATURE, Chunk, chunks, joined, text_chunk
from engine.personas.spec import PersonaSpec

READ = ""
"""Said of what is read."""

MIB = 1024 * 1024
ADDRESS_SPACE = 2 * 1024 * MIB
GOOD = FORMATS[".png"].write(Card(PersonaSpec(name="Ada", role="Engineer"))).data
DATA = {"name": "Ada", "description": "Engineer", "extensions": {}}


def bombs() -> Iterator[tuple[str, str, bytes, str]]:
    """What it is called, its file name, its bytes, and a part of what must be said of it."""
    yield from _texts()
    yield from _yaml()
    yield from _pictures()
    yield from _archives()


def card(**more: Any) -> bytes:
    return json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": DATA | more}).encode()


def _texts() -> Iterator[tuple[str, str, bytes, str]]:
    yield "large file", "x.json", b"{" + b" " * 11 * MIB, "11.0 MiB; at most 10 MiB"
    yield "large text", "x.json", card(first_mes="x" * 3 * MIB), "3.0 MiB of text; at most 2 MiB"
    yield "deep", "x.json", b'{"data":' + b"[" * 100_000, "deeper than 32 levels"
    yield "deep in the middle", "x.json", card(x=[[]]).replace(b"[[]]", b"[" * 40 + b"]" * 40), "deeper than 32 levels"
    yield "many values", "x.json", b"[" + b"[]," * 600_000 + b"0]", "more than 200,000 values"
    yield "many keys", "x.json", b"{" + b",".join([b'"":0'] * 250_000) + b"}", "more than 200,000"
    yield "escapes without end", "x.json", b'{"' + b'\\"' * MIB, "2.0 MiB of text"
    yield "escapes without end, shorter", "x.json", b'{"' + b'\\"' * 900_000, "is not JSON: line 1"
    yield "large number", "x.json", card(x=1).replace(b'"x": 1', b'"x": ' + b"9" * 5_000), "thousands of digits"
    yield "no number", "x.json", card(x=float("nan")), "NaN in it"
    yield "endless number", "x.json", card(x=float("-inf")), "-Infinity in it"
    yield "other bytes", "x.json", b'{"spec": "\xff\xfe"}', "not UTF-8 text: byte 11"
    yield "UTF-16", "x.json", card().decode().encode("utf-16"), "no character card that the studio knows"
    yield "cut off", "x.json", card()[:-9], "is not JSON: line 1"
    yield "not a card", "x.json", b'{"hello": "world"}', "no character card that the studio knows"
    yield "a list", "x.json", b"[1, 2]", "no character card that the studio knows"
    yield "lorebook alone", "x.json", b'{"spec": "lorebook_v3", "data": {"entries": []}}', "no character card"
    yield "no data", "x.json", b'{"spec": "chara_card_v3", "data": []}', "there is nobody in it"
    entry = {"keys": [], "content": "x"}
    yield "many entries", "x.json", card(character_book={"entries": [entry] * 1_001}), "1,001 entries; at most 1,000"
    numbered = {str(number): entry for number in range(5_000)}
    yield "many entries by number", "x.json", card(character_book={"entries": numbered}), "5,000 entries"
    placeholders = "{{//" + " " * 400_000 + "{{" + "a" * 400_000 + "{{comment:" + "{{" * 100_000
    yield "placeholders without end", "x.json", card(system_prompt=placeholders), READ
    yield "markup without end", "x.json", card(creator_notes="<!" * 300_000 + "<a " * 200_000), READ
    yield "headings", "x.json", card(description="Knows well:\n- x\n" * 50_000, mes_example="<START>\n" * 60_000), READ
    yield "NUL and halves of pairs", "x.json", card(personality="a\0b\ud800"), READ
    yield "mark of order", "x.json", b"\xef\xbb\xbf" + card(), READ
    yield (
        "patterns",
        "x.json",
        card(character_book={"entries": [entry | {"use_regex": True, "keys": ["(a+)+$"]}]}),
        READ,
    )


def _yaml() -> Iterator[tuple[str, str, bytes, str]]:
    twice = (f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(9))
    laughs = "a: &a [x]\n" + "".join(twice)
    yield "references", "x.yaml", f"name: Ada\n{laughs}".encode(), "references (*name)"
    yield "deep YAML", "x.yaml", b"name: " + b"[" * 200_000, "deeper than 32 levels"
    yield "many values in YAML", "x.yaml", b"name: Ada\ntags: [" + b"a," * 300_000 + b"]", "more than 200,000 values"
    yield "objects", "x.yaml", b"!!python/object/apply:os.system ['true']", "no fields of a persona"
    yield "no YAML", "x.yaml", b"name: 'Ada", "is not YAML: line 1"
    yield "numbers to the base of sixty", "x.yaml", b"name: Ada\nvoice: " + b"1:" * 600_000 + b"1", READ
    yield "hours", "x.yaml", b"name: 2001-12-14t21:59:43.10-05:00\nrole: yes", READ
    huge = "'" + json.dumps({"character": {"data": [[[[1] * 9] * 9] * 9] * 200}}) + "'"
    yield "much for other apps", "x.yaml", f"persona: {{name: Ada}}\nother_apps: {huge}".encode(), READ


def _png(width: int, height: int, *more: Chunk, kind: int = 6) -> bytes:
    head = Chunk(b"IHDR", memoryview(struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)))
    row = b"\0" + b"\x7f" * width * {6: 4, 2: 3, 0: 1}[kind]
    pack = zlib.compressobj(1)
    body = b"".join(pack.compress(row) for _ in range(height)) + pack.flush()
    return joined([head, *more, Chunk(b"IDAT", memoryview(body)), Chunk(b"IEND", memoryview(b""))])


def _with_card(picture: bytes) -> bytes:
    *body, end = chunks(picture)
    return joined([*body, text_chunk("chara", base64.b64encode(card())), end])


def _pictures() -> Iterator[tuple[str, str, bytes, str]]:
    good = chunks(GOOD)
    yield "many pixels", "x.png", _with_card(_png(12_000, 12_000, kind=0)), "12,000 × 12,000 pixels"
    yield "a long line", "x.png", _with_card(_png(65_535, 1)), "65,535 × 1 pixels"
    yield "no pixels", "x.png", joined([Chunk(b"IHDR", memoryview(b"\0" * 13)), *good[1:]]), "0 × 0 pixels"
    yield "no head", "x.png", joined(good[1:]), "damaged"
    yield "cut off picture", "x.png", GOOD[: len(GOOD) // 2], "ends in the middle"
    yield "no end", "x.png", joined(good[:-1]), "ends in the middle"
    at = GOOD.index(b"tEXt")
    yield "wrong sum", "x.png", GOOD[: at + 9] + b"!" + GOOD[at + 10 :], "the checksum of its tEXt chunk is wrong"
    yield "wrong length", "x.png", SIGNATURE + b"\xff\xff\xff\xffIHDR" + GOOD[16:], "ends in the middle"
    yield "flood of parts", "x.png", joined([*good[:-1], *[text_chunk("a", b"")] * 25_000, good[-1]]), "20,000 chunks"
    yield "long text", "x.png", joined([good[0], text_chunk("ccv3", b"A" * 4 * MIB), *good[1:]]), "3.0 MiB of text"
    yield "no card", "x.png", _png(8, 8), "no character card in this picture"
    yield "no base64", "x.png", joined([good[0], text_chunk("ccv3", b"?!"), *good[1:]]), "its text is not base64"
    yield "no JSON", "x.png", joined([good[0], text_chunk("ccv3", b"AAAA"), *good[1:]]), "is not JSON"
    yield "other JSON", "x.png", joined([good[0], text_chunk("ccv3", b"e30="), *good[1:]]), "is no character card"
    squeezed = _zeros(400)
    for name, head in (("zTXt", b"a\0\0"), ("iTXt", b"a\0\1\0\0\0"), ("iCCP", b"a\0\0")):
        bomb = Chunk(name.encode(), memoryview(head + squeezed))
        yield f"squeezed {name}", "x.png", _with_card(_png(8, 8, bomb)), READ
    swollen = Chunk(b"IDAT", memoryview(_zeros(400)))
    yield "swollen pixels", "x.png", _with_card(joined([*chunks(_png(8, 8))[:1], swollen, good[-1]])), READ
    yield "as large as may be", "x.png", _with_card(_png(4_096, 4_096)), READ
    yield "broken pixels", "x.png", _with_card(joined([good[0], Chunk(b"IDAT", memoryview(b"x")), good[-1]])), READ
    yield "with a tail", "x.png", GOOD + b"PK\3\4" * 1000, READ
    for kind, start in (("GIF", b"GIF89a"), ("TIFF", b"II*\0"), ("FITS", b"SIMPLE  ="), ("SVG", b"<svg onload='x'/>")):
        yield kind, "x.png", start + b"\0" * 99, "no character card that the studio knows"
    wide = base64.b64encode(_png(9_000, 9_000, kind=0)).decode()
    icon = {"type": "icon", "name": "main", "ext": "png", "uri": f"data:image/png;base64,{wide}"}
    yield "many pixels inside", "x.json", card(assets=[icon]), READ


def _zeros(mib: int) -> bytes:
    """So many MiB of zeros, compressed."""
    pack = zlib.compressobj(9)
    return b"".join(pack.compress(bytes(MIB)) for _ in range(mib)) + pack.flush()


def _zip_of_zeros(mib: int, *entries: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
        with archive.open("assets/zeros.bin", "w") as file:
            for _ in range(mib):
                file.write(bytes(MIB))
    return written.getvalue()


def _zip(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return written.getvalue()


def _archives() -> Iterator[tuple[str, str, bytes, str]]:
    good = ("card.json", card())
    yield "zeros", "x.charx", _zip_of_zeros(400, good), "more than 20 MiB when it is unpacked"
    real, told = struct.pack("<I", 400 * MIB), struct.pack("<I", 10)
    yield "zeros that lie", "x.charx", _zip_of_zeros(400, good).replace(real, told), "damaged"
    for name in ("../a", "a/../../b", "/etc/passwd", "C:/a", "a\\..\\b", "..", ""):
        yield (
            f"leads out: {name}",
            "x.charx",
            _zip(good, (zipfile.ZipInfo("12345678"), b"x")) if not name else _zip(good, (name, b"x")),
            "leads out of it" if name else READ,
        )
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = 0o120777 << 16
    yield "link", "x.charx", _zip(good, (link, b"/etc/passwd")), "has a link in it"
    yield "many files", "x.charx", _zip(good, *((f"a/{n}", b"") for n in range(2_000))), "2,001 files"
    yield "long names", "x.charx", _zip(good, *(("a" * 60_000 + str(n), b"") for n in range(9))), "very long names"
    yield "twice", "x.charx", _twice(), "twice"
    yield "unusual", "x.charx", _zip(good, method=zipfile.ZIP_BZIP2), "compressed in an unusual way"
    locked = _zip(good).replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
    yield "locked", "x.charx", locked, "encrypted"
    yield "cut off archive", "x.charx", _zip(good)[:-30], "not a ZIP archive, or its end is missing"
    yield "no card inside", "x.charx", _zip(("a.zip", _zip(("b.zip", b"\0" * MIB)))), "no card.json in the archive"
    yield "large card inside", "x.charx", _zip(("card.json", card(x="x" * 3 * MIB))), "3.0 MiB of text"
    yield "deep card inside", "x.charx", _zip(("card.json", b"[" * 50_000)), "deeper than 32 levels"
    yield "behind a program", "x.charx", b"#!/bin/sh\n" + _zip(good), READ
    yield "end in the end", "x.charx", _zip(good)[:-6] + b"PK\5\6" + b"\0\0", "ZIP archive"


def _twice() -> bytes:
    return _zip(("card.json", card()), ("assets/a", b"1"), ("assets/b", b"2")).replace(b"assets/b", b"assets/a")


def write(folder: Path) -> None:
    """Make all files, and a list of them: making some takes more memory than reading them may."""
    listed = []
    for number, (name, filename, data, said) in enumerate(bombs()):
        (folder / str(number)).write_bytes(data)
        listed.append({"name": name, "filename": filename, "expected": said})
    (folder / "list.json").write_text(json.dumps(listed), "utf-8")


def read(folder: Path) -> None:
    """Read each of them and print what came of it, in how many seconds, and by how many bytes the process grew."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    looked_into("x.png", GOOD)
    for number, bomb in enumerate(json.loads((folder / "list.json").read_text("utf-8"))):
        data = (folder / str(number)).read_bytes()
        before, begun = peak(), time.perf_counter()
        said = hint = dropped = READ
        try:
            found, _ = looked_into(bomb["filename"], data)
            dropped = " ".join(found.report.dropped)
        except BadInput as problem:
            said, hint = problem.message, problem.hint
        came = {"said": said, "hint": hint, "dropped": dropped}
        measured = {"s": round(time.perf_counter() - begun, 2), "grown": peak() - before}
        sys.stdout.write(json.dumps(bomb | came | measured) + "\n")


def peak() -> int:
    """The most memory that this process has ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](Path(sys.argv[2]))
