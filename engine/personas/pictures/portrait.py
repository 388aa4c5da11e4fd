"""The drawn face of a persona as a PNG, for cards that must be a picture. It is the drawing of `faces`, in pixels."""

import io
import math
import re
from collections.abc import Iterator

from PIL import Image, ImageDraw

from engine.personas.faces import ACCENTS, accent_of, features_of, light_of

SIDE = 512
_UNIT, _FINER = 64, 3
"""The drawing's own size, and how much larger than the picture it is drawn, for smooth edges."""

_SHAPE = re.compile(r"<(circle|path) ([^/]*)/>")
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_STEP = re.compile(r"[a-zA-Z]|-?\d+(?:\.\d+)?")

Point = tuple[float, float]


def portrait_of(key: str) -> bytes:
    """A PNG of 512 by 512."""
    scale = SIDE * _FINER // _UNIT
    tile = Image.new("RGB", (_UNIT * scale, _UNIT * scale), ACCENTS[accent_of(key)])
    x, y = light_of(key)
    light = Image.new("L", tile.size)
    ImageDraw.Draw(light).circle((x * scale, y * scale), 26 * scale, fill=round(255 * 0.16))
    tile.paste("#ffffff", mask=light)
    pen = ImageDraw.Draw(tile)
    for kind, attributes in _SHAPE.findall(features_of(key)):
        drawn = dict(_ATTRIBUTE.findall(attributes))
        for line in [_circle(drawn)] if kind == "circle" else list(_lines(drawn["d"])):
            if "fill" in drawn:
                pen.polygon([(x * scale, y * scale) for x, y in line], fill=drawn["fill"])
            for point in line:
                pen.circle((point[0] * scale, point[1] * scale), 1.5 * scale, fill="#ffffff")
    written = io.BytesIO()
    tile.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(written, "PNG", optimize=True)
    return written.getvalue()


def _circle(drawn: dict[str, str]) -> list[Point]:
    x, y, radius = (float(drawn[name]) for name in ("cx", "cy", "r"))
    return [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in _steps(2 * math.pi)]


def _lines(path: str) -> Iterator[list[Point]]:
    """The lines of a path, each as points so close that a round pen joins them. Knows what `faces` draws: M q h a z."""
    line: list[Point] = []
    steps = iter(_STEP.findall(path))
    for step in steps:
        if step == "M":
            if line:
                yield line
            line = [(float(next(steps)), float(next(steps)))]
            continue
        x, y = line[-1]
        if step == "q":
            bend_x, bend_y, to_x, to_y = (float(next(steps)) for _ in range(4))
            line += [
                (x + 2 * t * (1 - t) * bend_x + t * t * to_x, y + 2 * t * (1 - t) * bend_y + t * t * to_y)
                for t in _steps(1)
            ]
        elif step == "h":
            length = float(next(steps))
            line += [(x + t * length, y) for t in _steps(1)]
        elif step == "a":
            wide, high, *_, to_x, _ = (float(next(steps)) for _ in range(7))
            line += [(x + to_x / 2 + wide * math.cos(turn), y + high * math.sin(turn)) for turn in _steps(math.pi)]
    yield line


def _steps(end: float) -> Iterator[float]:
    return (end * number / 60 for number in range(61))
