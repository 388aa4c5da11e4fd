"""A performance as a file: Markdown, JSON, and a page of HTML that needs nothing else and runs nothing."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from html import escape
from typing import Any

from engine.personas.faces import face
from engine.theatre.casting import slug_of
from engine.theatre.scene import HOST, Scene, Turn

_STYLE = """
:root { color-scheme: light dark }
body { max-width: 42rem; margin: 3rem auto; padding: 0 1rem; font: 16px/1.55 system-ui, sans-serif }
h1 { font-family: Georgia, serif; margin-bottom: 0 }
.place, .why { color: #6b6578; font-size: .85rem; margin: .2rem 0 }
.turn { display: flex; gap: .8rem; margin: 1.4rem 0 }
.turn svg { width: 40px; height: 40px; flex: none }
.turn p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { background: #15131d; color: #f1eefb } .place, .why { color: #a9a2bd } }
""".strip()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def as_markdown(scene: Scene, turns: Sequence[Turn]) -> str:
    """The script as one reads it."""
    spec = scene.spec
    parts = [f"# {spec.title}", *([f"*{spec.place}*"] if spec.place else []), *([spec.premise] if spec.premise else [])]
    for turn in turns:
        parts += [f"**{turn.name}**" + (f" ({turn.reason})" if turn.reason else ""), turn.text or "…"]
    return "\n\n".join(parts) + "\n"


def as_json(scene: Scene, turns: Sequence[Turn]) -> str:
    """Everything that is known of the performance."""
    shown = {"scene": scene.spec.model_dump(mode="json"), "turns": [_plain(turn) for turn in turns]}
    return json.dumps(shown, ensure_ascii=False, indent=2, default=str)


def as_html(scene: Scene, turns: Sequence[Turn]) -> str:
    """The script as a page of its own: no script, no address, nothing to load."""
    spec = scene.spec
    title = escape(spec.title)
    head = [f"<h1>{title}</h1>"]
    head += [f'<p class="place">{escape(spec.place)}</p>'] if spec.place else []
    head += [f"<p>{escape(spec.premise)}</p>"] if spec.premise else []
    body = "\n".join([*head, *map(_as_article, turns)])
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _as_article(turn: Turn) -> str:
    why = " · ".join(filter(None, (turn.reason, turn.model)))
    picture = "" if turn.speaker == HOST else _face(turn)
    return (
        f'<article class="turn">{picture}<div><strong>{escape(turn.name)}</strong>'
        f"<p>{escape(turn.text or '…')}</p>{f'<p class=why>{escape(why)}</p>' if why else ''}</div></article>"
    )


def _face(turn: Turn) -> str:
    """The face, whose clip would take the name of another's on the same page."""
    drawn = face(slug_of(turn.persona_key), turn.accent or None, emoji=turn.avatar)
    return drawn.replace('id="tile"', f'id="tile{turn.number}"').replace("url(#tile)", f"url(#tile{turn.number})")


def _plain(turn: Turn) -> dict[str, Any]:
    content = asdict(turn)
    content.pop("id")
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in content.items()}
