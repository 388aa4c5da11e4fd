"""Models of Open WebUI: a JSON list, also for one. The persona is compiled into the system text, and whole in `meta`.

Source: what the models page of Open WebUI exports, and what its `/api/v1/models/import` takes (2026).
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from engine.personas.cards import block as blocks
from engine.personas.cards.block import Block
from engine.personas.cards.card import Card, Family, File, Foreign, Format, Found, Written
from engine.personas.cards.fitting import Fitting, plain_text
from engine.personas.cards.icon import avatar_of, chosen
from engine.personas.cards.report import Notes
from engine.personas.cards.texts import json_bytes, small_copy, with_picture_inside
from engine.personas.cards.told import tell_read, tell_size, tell_written
from engine.personas.prompt import sections, system_text
from engine.personas.spec import PersonaSpec

FAMILY: Family = "open_webui"
SYSTEM, ABOUT, ASKED, TAGS = "params.system", "meta.description", "meta.suggestion_prompts", "meta.tags"
NATIVE = ("name", SYSTEM, ABOUT, ASKED, TAGS)
_INLINE = 64 * 1024
"""A picture up to this size is shown as it is; Open WebUI loads all of them with its list of models."""

_COMPILED = (
    *(("name", "role"), ("context",), ("voice",), ("knowledge",), ("unknowns",)),
    *(("constraints",), ("when_pushed",), ("sample_interactions",)),
)


def claims(file: File) -> bool:
    """Whether this is a list of models, or one."""
    return _is_model(file.json) or (isinstance(file.json, list) and any(map(_is_model, file.json)))


def read(file: File) -> Found:
    """The persona of a model. Raises BadInput."""
    models = [each for each in (file.json if isinstance(file.json, list) else [file.json]) if _is_model(each)]
    model, notes = deepcopy(models[0]), Notes()
    if len(models) > 1:
        notes.drop(f"{len(models) - 1:,} more models are in this file; only the first was taken.")
    own = _part(model, "meta").pop(blocks.NAME, None) if isinstance(model.get("meta"), dict) else None
    native = _native_of(model)
    block = blocks.read_block(own, native, notes)
    tell_read(notes, block)
    if block is None:
        spec = _mapped(native, Fitting(notes, str(native.get("name") or "")), PersonaSpec(), NATIVE)
        address = _part(model, "meta").get("profile_image_url")
        is_web = isinstance(address, str) and address.startswith(("http://", "https://")) and len(address) <= 500
        spec = spec.model_copy(update={"avatar": address if is_web else ""})
    else:
        spec = _mapped(native, Fitting(notes, block.spec.name), block.spec, block.edited)
    shown = blocks.picture_in(_part(model, "meta").get("profile_image_url"), notes)
    picture = chosen(spec, block, shown, notes)
    foreign = _foreign(model, block)
    if foreign and FAMILY in foreign.cards:
        notes.keep("Settings of the model in Open WebUI are kept for export, and not used here.")
    changed = {"avatar": avatar_of(spec, picture), "card_data": foreign.key if foreign else ""}
    return Found(spec.model_copy(update=changed), picture, foreign, notes.report(), plain_text(native.get(ABOUT)))


def write(card: Card) -> Written:
    """A persona as a list of one model, which nobody else may use until somebody says so there."""
    notes = Notes()

    def build(with_picture: Card, more: dict[str, Any]) -> bytes:
        return json_bytes([_model(card, with_picture, more)], indent=2)

    data = with_picture_inside(card, notes, build)
    tell_written(notes, card, where="Everything the model reads stands in its system text, as one text.")
    notes.keep("Open WebUI asks for a base model when it is imported there.")
    tell_size(notes, data)
    return Written(data, notes.report())


def _model(card: Card, with_picture: Card, more: dict[str, Any]) -> dict[str, Any]:
    found = deepcopy(dict(card.foreign.cards.get(FAMILY, {}))) if card.foreign else {}
    now = _derived(card.spec)
    then = _derived(_mapped(_native_of(found), Fitting(Notes(), ""), PersonaSpec(), NATIVE)) if found else {}
    params, meta = _part(found, "params"), _part(found, "meta")
    for name in NATIVE:
        if not found or now[name] != then.get(name):
            place = {"params": params, "meta": meta}.get(name.partition(".")[0], found)
            place[name.rpartition(".")[2]] = now[name]
    if with_picture.picture is not None:
        small = with_picture.picture if len(with_picture.picture.data) <= _INLINE else small_copy(with_picture.picture)
        if small is not None:
            meta["profile_image_url"] = blocks.data_url(small)
            if small is not with_picture.picture:
                more = {"picture": blocks.data_url(with_picture.picture), "drawn": small.digest} | more
    found.pop("user_id", None)
    model = {"id": card.slug, "base_model_id": None} | found | {"params": params, "meta": meta, "access_control": {}}
    if "access_grants" in model:
        model["access_grants"] = []
    others = blocks.foreign_for(FAMILY, card.foreign)
    own = blocks.block_of(card, _native_of(model), foreign=others, **more)
    model["meta"] = meta | {blocks.NAME: own}
    stamps = {"created_at": card.created_at, "updated_at": card.updated_at}
    return model | {"is_active": True} | {name: int(at.timestamp()) for name, at in stamps.items() if at}


def _derived(spec: PersonaSpec) -> dict[str, Any]:
    """What Open WebUI shows and sends, from a persona."""
    return {
        "name": spec.name,
        SYSTEM: system_text(sections(spec)),
        ABOUT: spec.role,
        ASKED: [{"content": query} for query in spec.sample_queries],
        TAGS: [{"name": tag} for tag in spec.tags],
    }


def _native_of(model: Mapping[str, Any]) -> dict[str, Any]:
    """The same, as it stands in a model."""
    found: dict[str, Any] = {"name": model.get("name")}
    for name in NATIVE[1:]:
        part, _, field = name.partition(".")
        found[name] = _part(model, part).get(field)
    return found


def _mapped(native: Mapping[str, Any], fit: Fitting, onto: PersonaSpec, names: tuple[str, ...]) -> PersonaSpec:
    """The fields of a model as those of a persona, over what it has."""
    found: dict[str, Any] = {}
    if "name" in names:
        found["name"] = fit.text("name", native.get("name"))
    if ABOUT in names:
        found["role"] = fit.text("role", plain_text(native.get(ABOUT)))
    if ASKED in names:
        found["sample_queries"] = fit.lines("sample_queries", _each(native.get(ASKED), "content"))
    if TAGS in names:
        found["tags"] = fit.lines("tags", _each(native.get(TAGS), "name"))
    if SYSTEM in names:
        found |= _unwoven(fit, native.get(SYSTEM), onto)
    return PersonaSpec.model_validate(onto.model_dump() | found)


def _unwoven(fit: Fitting, value: object, onto: PersonaSpec) -> dict[str, Any]:
    """A system text as fields: parts that are still as we wrote them stay fields, the rest becomes the prompt."""
    text, found = value if isinstance(value, str) else "", dict[str, Any]()
    for names in _COMPILED:
        part = PersonaSpec.model_validate({name: getattr(onto, name) for name in names})
        said = system_text(sections(part))
        if said and said in text:
            text = text.replace(said, "", 1)
        elif names != _COMPILED[0]:
            found |= {name: PersonaSpec.model_fields[name].default for name in names}
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    while "\n\n\n" in lines:
        lines = lines.replace("\n\n\n", "\n\n")
    return found | {"system_prompt": fit.text("system_prompt", lines.strip())}


def _foreign(model: dict[str, Any], block: Block | None) -> Foreign | None:
    cards: dict[Any, Any] = dict(block.others) if block else {}
    if block is None or _has_more(model):
        cards[FAMILY] = model
    return Foreign(cards) if cards else None


def _has_more(model: Mapping[str, Any]) -> bool:
    """Whether anything stands in a model of ours that we have not written there."""
    ours = {"id", "base_model_id", "name", "params", "meta", "access_control", "is_active", "created_at", "updated_at"}
    shown = {"description", "suggestion_prompts", "tags", "profile_image_url"}
    return bool(
        model.keys() - ours
        or model.get("base_model_id")
        or _part(model, "params").keys() - {"system"}
        or _part(model, "meta").keys() - shown
    )


def _part(model: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = model.get(name)
    return part if isinstance(part, dict) else {}


def _each(values: object, name: str) -> list[object]:
    listed = values if isinstance(values, list) else []
    return [each.get(name) for each in listed if isinstance(each, dict)]


def _is_model(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str) or "spec" in value:
        return False
    return isinstance(value.get("params"), dict) or isinstance(value.get("meta"), dict)


FORMAT = Format(
    "Open WebUI model",
    "application/json",
    "A model preset for Open WebUI, private until somebody shares it there.",
    claims,
    read,
    write,
)
