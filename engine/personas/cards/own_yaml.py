"""Our own file: a persona as YAML, to read, to keep under version control, and to write by hand.

It is read without types and without references: every value is text, and what it means is said by the persona's fields.
"""

import json
from typing import Any

import yaml

from engine.personas.cards import block as blocks
from engine.personas.cards.card import Card, File, Foreign, Format, Found, Written
from engine.personas.cards.icon import avatar_of, chosen
from engine.personas.cards.limits import DEPTH, NODES, json_of, refused, text_of, too_deep, too_many
from engine.personas.cards.report import Notes
from engine.personas.cards.texts import with_picture_inside
from engine.personas.cards.told import tell_read, tell_size, tell_written

WHAT = "The file"
ENDINGS = (".yaml", ".yml")
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def claims(file: File) -> bool:
    """Whether this is YAML: by its name, since almost any text is YAML."""
    return file.name.lower().endswith(ENDINGS)


def read(file: File) -> Found:
    """The persona of a file; its fields may also stand at the top. Raises BadInput."""
    value, notes = _parsed(text_of(file.data, WHAT)), Notes()
    if not isinstance(value, dict):
        raise refused("The file has no fields of a persona in it.")
    content = value.get("persona", value)
    if not isinstance(content, dict) or not content.keys() & {"name", "role", "system_prompt"}:
        raise refused("The file has no fields of a persona in it.", hint="It begins with “name:” or “persona:”.")
    is_ours = content is not value
    spec = blocks.persona_in(content, notes)
    picture = blocks.picture_in(value.get("picture")) if is_ours else None
    drawn = value.get("drawn") if is_ours else ""
    block = blocks.Block(spec, picture=picture, drawn=drawn if isinstance(drawn, str) else "")
    foreign = _foreign(value.get("other_apps"), notes) if is_ours else None
    tell_read(notes, block)
    picture = chosen(spec, block, picture, notes)
    if foreign is not None:
        notes.keep("What other apps had in their cards is kept for export.")
    changed = {"avatar": avatar_of(spec, picture), "card_data": foreign.key if foreign else ""}
    return Found(spec.model_copy(update=changed), picture, foreign, notes.report())


def write(card: Card) -> Written:
    """A persona as YAML. What other apps know stands in it as one line of JSON."""
    notes = Notes()

    def build(with_picture: Card, more: dict[str, Any]) -> bytes:
        content = card.spec.model_dump(mode="json", exclude_defaults=True, exclude={"card_data"})
        whole: dict[str, Any] = {"persona_studio": blocks.SCHEMA, "persona": {"name": card.spec.name} | content}
        if card.foreign:
            whole["other_apps"] = json.dumps(card.foreign.cards)
        if with_picture.picture:
            whole["picture"] = blocks.data_url(with_picture.picture)
        text = yaml.dump(whole | more, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110, encoding="utf-8")
        return bytes(text)

    data = with_picture_inside(card, notes, build)
    tell_written(notes, card, where="Every field by its name, as text that one can read and edit.")
    tell_size(notes, data)
    return Written(data, notes.report())


def _parsed(text: str) -> Any:
    """YAML as mappings, lists and texts. References, which can stand for very much, are refused."""
    depth = nodes = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            nodes += 1
            if isinstance(event, yaml.AliasEvent):
                raise refused("The file has references (*name) in it.", hint="Write out what they stand for.")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEPTH:
                raise too_deep(WHAT)
            if nodes > NODES:
                raise too_many(WHAT)
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f": line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise refused(f"The file is not YAML{where}.") from None


def _foreign(text: object, notes: Notes) -> Foreign | None:
    """The cards of other apps that stand in the file."""
    if not isinstance(text, str):
        return None
    cards = json_of(text.encode(), "What the file has for other apps")
    known = {name: each for name, each in cards.items() if name in blocks.FAMILIES and isinstance(each, dict)}
    if not known:
        notes.drop("What the file has for other apps is not known here.")
    return Foreign(known) if known else None


FORMAT = Format(
    "Persona Studio",
    "application/yaml",
    "Text for people: to read, to compare, to keep under version control.",
    claims,
    read,
    write,
)
