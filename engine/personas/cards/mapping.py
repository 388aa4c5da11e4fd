"""From the fields of a character card back to those of a persona.

The text that `native` derives is read exactly; anybody else's by rule of thumb: the first sentence of the description
is the role, the rest of it belongs to the setting, bulleted rules are limits, entries of the lorebook are topics.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from engine.personas.cards.fitting import MOST_SAMPLES, ROLE, SAID, Fitting
from engine.personas.cards.native import KNOWS, KNOWS_NOT, NATIVE, PUSHED, of_card
from engine.personas.cards.report import Notes
from engine.personas.spec import MEDIUM, MOST_ITEMS, PersonaSpec, SampleInteraction

_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+")
_SENTENCE = re.compile(r"\A([^\n]{1,200}?[.!?])(?=\s|\Z)")
_NEW_EXAMPLE = re.compile(r"^[ \t]*<START>[ \t]*$", re.IGNORECASE | re.MULTILINE)
_SPEAKER = re.compile(r"^[ \t]*(?:(\{\{user\}\}|<user>|you|user)|(\{\{char\}\}|<bot>|char))[ \t]*:", re.IGNORECASE)
_MARKUP = frozenset('[]{}<>|="')


@dataclass(frozen=True, slots=True)
class _Described:
    """A description, taken apart."""

    role: str = ""
    rest: str = ""
    knows: tuple[str, ...] = ()
    knows_not: tuple[str, ...] = ()


def name_in(data: Mapping[str, Any]) -> str:
    """What the character is called inside its texts."""
    named = [data.get("nickname"), data.get("name")]
    return next((" ".join(name.split()) for name in named if isinstance(name, str) and name.strip()), "")


def mapped(
    data: Mapping[str, Any], notes: Notes, *, onto: PersonaSpec | None = None, names: Collection[str] = NATIVE
) -> PersonaSpec:
    """The persona of a card. With `onto`, only the fields of these `names` are taken, over what it has."""
    base, fit, native = onto or PersonaSpec(), Fitting(notes, name_in(data)), of_card(data)
    plain = {"name": "name", "personality": "voice", "system_prompt": "system_prompt"}
    found: dict[str, Any] = {plain[each]: fit.text(plain[each], native.get(each)) for each in plain if each in names}
    if "tags" in names:
        tags = native.get("tags")
        found["tags"] = fit.lines("tags", tags if isinstance(tags, list) else ())
    if "talkativeness" in names:
        found["talkativeness"] = _share(native.get("talkativeness"), base.talkativeness)
    if "post_history_instructions" in names:
        found |= _limits(fit, native.get("post_history_instructions"))
    if "mes_example" in names:
        found["sample_interactions"] = _examples(fit, native.get("mes_example"), base.name or name_in(data))
    if "description" in names or "scenario" in names:
        found |= _who(fit, native, names, base if onto else None)
    if onto is None:
        found["knowledge"] = fit.lines("knowledge", [*found.get("knowledge", ()), *book_topics(data, notes)])
    return PersonaSpec.model_validate(base.model_dump() | found)


def book_topics(data: Mapping[str, Any], notes: Notes) -> list[str]:
    """The entries of a lorebook that are switched on, as topics: those that always apply first. No pattern is run."""
    entries = _entries(data)
    usable = [each for each in entries if each.get("enabled") is not False and _content(each)]
    usable.sort(key=lambda each: (each.get("constant") is not True, _order(each)))
    said = [_topic(each) for each in usable[:MOST_ITEMS]]
    fit = Fitting(Notes(), name_in(data))
    topics = [" ".join(fit.words(topic).split()) for topic in said]
    cut = sum(len(topic) > MEDIUM for topic in topics)
    if len(usable) > MOST_ITEMS or cut:
        shorter = f", {cut:,} of them cut after {MEDIUM} characters" if cut else ""
        notes.drop(
            f"Lorebook: {len(said):,} of {len(usable):,} entries became topics{shorter}; the book is kept whole."
        )
    elif topics:
        notes.keep(f"Lorebook: {len(topics):,} entries became topics; the book is kept whole for export.")
    return [topic[:MEDIUM].rstrip() for topic in topics]


def without_decorators(content: str) -> str:
    """The content of a lorebook entry without the `@@` lines at its top."""
    lines = content.split("\n")
    while lines and lines[0].startswith("@@"):
        lines.pop(0)
    return "\n".join(lines)


def _entries(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    book = data.get("character_book")
    entries = book.get("entries") if isinstance(book, Mapping) else None
    listed = entries.values() if isinstance(entries, Mapping) else entries if isinstance(entries, list) else ()
    return [each for each in listed if isinstance(each, Mapping)]


def _content(entry: Mapping[str, Any]) -> str:
    content = entry.get("content")
    return without_decorators(content).strip() if isinstance(content, str) else ""


def _order(entry: Mapping[str, Any]) -> float:
    order = entry.get("insertion_order")
    return float(order) if isinstance(order, (int, float)) and abs(order) < 1e12 else 0.0


def _topic(entry: Mapping[str, Any]) -> str:
    """An entry in one line, after what it is called or what it waits for."""
    name, keys = entry.get("name"), entry.get("keys")
    if isinstance(name, str) and name.strip():
        head = name.strip()
    elif entry.get("constant") is not True and entry.get("use_regex") is not True and isinstance(keys, list):
        head = ", ".join(key for key in keys[:5] if isinstance(key, str))
    else:
        head = ""
    content = _content(entry)
    return f"{head}: {content}" if head and not content.startswith(head) else content


def _who(fit: Fitting, native: Mapping[str, Any], names: Collection[str], onto: PersonaSpec | None) -> dict[str, Any]:
    """Role, topics and setting, which share the description and the scenario."""
    found: dict[str, Any] = {}
    parts = [fit.words(native.get("scenario")) if "scenario" in names or onto is None else onto.context]
    if "description" in names:
        told = _described(fit.words(native.get("description")), native.get("name"), ours=onto is not None)
        found["role"] = fit.text("role", told.role)
        found["knowledge"] = fit.lines("knowledge", told.knows)
        found["unknowns"] = fit.lines("unknowns", told.knows_not)
        parts.append(told.rest)
    found["context"] = fit.text("context", "\n\n".join(part for part in parts if part))
    return found


def _described(text: str, name: object, *, ours: bool) -> _Described:
    rest, knows = _list_under(text, KNOWS)
    rest, knows_not = _list_under(rest, KNOWS_NOT)
    head, _, tail = rest.partition("\n\n")
    if ours and len(head) <= ROLE:
        return _Described(head, tail, knows, knows_not)
    sentence = _SENTENCE.match(rest)
    first = sentence[1] if sentence else rest if len(rest) <= ROLE and "\n" not in rest else ""
    if not first or len(first) > ROLE or _MARKUP & set(first):
        return _Described("", rest, knows, knows_not)
    role = first.rstrip(".")
    if isinstance(name, str) and role.startswith(f"{name} is "):
        role = re.sub(r"\A(?:an?|the) ", "", role.removeprefix(f"{name} is "))
    return _Described(role, rest[len(first) :].strip(), knows, knows_not)


def _list_under(text: str, heading: str) -> tuple[str, tuple[str, ...]]:
    """The items under a heading, and the text without them."""
    kept: list[str] = []
    items: list[str] = []
    inside = False
    for line in text.split("\n"):
        if line.strip() == heading:
            inside = True
        elif inside and _BULLET.match(line):
            items.append(_BULLET.sub("", line))
        else:
            inside = False
            kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n") if items else text, tuple(items)


def _limits(fit: Fitting, value: object) -> dict[str, Any]:
    """The rules after the history: bulleted lines are limits, and so is what stands alone."""
    rules, _, pushed = fit.words(value).partition(PUSHED)
    lines = [line.strip() for line in rules.split("\n") if line.strip()]
    return {
        "constraints": fit.lines("constraints", [_BULLET.sub("", line) for line in lines]),
        "when_pushed": fit.text("when_pushed", pushed.removeprefix(" ")),
    }


def _examples(fit: Fitting, value: object, name: str) -> tuple[SampleInteraction, ...]:
    """The dialogues of a card as pairs of question and answer. Lines before the first speaker are nobody's."""
    text = value if isinstance(value, str) else ""
    pairs: list[dict[str, str]] = []
    for block in _NEW_EXAMPLE.split(text):
        fresh, speaker = True, ""
        for line in block.split("\n"):
            speaks, words = _spoken(line, name)
            if speaks and (fresh or (speaks == "user" and speaker != "user")):
                pairs.append({"user": "", "persona": ""})
                fresh = False
            speaker = speaks or speaker
            if speaker:
                pairs[-1][speaker] += ("\n" if pairs[-1][speaker] else "") + words
    told = [{each: fit.words(said).strip() for each, said in pair.items()} for pair in pairs]
    told = [pair for pair in told if any(pair.values())]
    if len(told) > MOST_SAMPLES:
        fit.notes.drop(f"Sample interactions: the first {MOST_SAMPLES} of {len(told):,} were taken.")
    field = "sample_interactions"
    return tuple(
        SampleInteraction(**{each: fit.text(field, said, most=SAID) for each, said in pair.items()})
        for pair in told[:MOST_SAMPLES]
    )


def _spoken(line: str, name: str) -> tuple[str, str]:
    """Who begins to speak on a line, and what they say; nobody when it goes on."""
    if found := _SPEAKER.match(line):
        return "user" if found[1] else "persona", line[found.end() :].removeprefix(" ")
    if name and line.startswith(f"{name}:"):
        return "persona", line[len(name) + 1 :].removeprefix(" ")
    return "", line


def _share(value: object, otherwise: float) -> float:
    """A number from 0 to 1, which some apps write as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return otherwise
    try:
        return min(1.0, max(0.0, float(value)))
    except (ValueError, OverflowError):
        return otherwise
