"""What the tests of cards are fed: any persona, any card of another app, and pictures."""

import enum
import io
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st
from PIL import Image
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from engine.personas.cards.character import SPECS, V1
from engine.personas.spec import PersonaSpec, SampleInteraction

# Anything a person may type, with more of what has broken programs: quotes, marks of YAML and cards, directions, emoji.
SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
NASTY = st.sampled_from(
    ["{{char}}", "{{user}}: hi\n{{char}}: ho", "<START>", "- ", "@@depth 4\n", "\u202eright", "a\u2028b", "\x85",
     "\ufeff", "\U0001f469\u200d\U0001f467", "~", "null", "1.0", "yes", "# no", "a: b", "<script>", "\r\n", "\t",
     "Knows well:\n- a", "\x7f\x01", '"', "'", "\\"]
)  # fmt: skip


def texts(most: int, least: int = 0) -> st.SearchStrategy[str]:
    """Short and nasty texts, and now and then one as long as may be."""
    short = st.lists(st.one_of(st.text(SIGNS, max_size=12), NASTY), max_size=5).map("".join)
    longest = SIGNS.map(lambda sign: sign * most)
    found = st.one_of(short, short, short, longest).map(lambda text: text[:most])
    return found.filter(lambda text: len(text) >= least)


def personas() -> st.SearchStrategy[PersonaSpec]:
    """Any persona that is valid, in every field that the spec has or will have; but card data is a name."""
    fields = {name: _values(field) for name, field in PersonaSpec.model_fields.items() if name != "card_data"}
    avatars = st.one_of(st.just(""), st.just("🦉"), st.just("https://example.org/a.png"), texts(60))
    fields["avatar"] = avatars.filter(lambda avatar: not avatar.startswith("picture:"))
    return st.builds(PersonaSpec, **fields)


def _values(field: FieldInfo) -> st.SearchStrategy[Any]:
    return _of(field.annotation, field.metadata)


def _of(kind: Any, metadata: Any = ()) -> st.SearchStrategy[Any]:
    lengths = [each for each in metadata if isinstance(each, StringConstraints)]
    if kind is str:
        return texts(lengths[0].max_length or 100, lengths[0].min_length or 0)
    if kind is bool:
        return st.booleans()
    if kind is float:
        return st.floats(0, 1)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from(kind)
    if kind is SampleInteraction:
        return st.builds(SampleInteraction, **{name: _values(each) for name, each in kind.model_fields.items()})
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is tuple:
        return st.lists(_of(get_args(kind)[0]), max_size=4).map(tuple)
    if hasattr(kind, "__metadata__"):
        return _of(kind.__origin__, kind.__metadata__)
    raise TypeError(f"the tests of cards do not know fields of the kind {kind!r}")


JSON_NUMBERS = st.one_of(st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False))
LEAVES = st.one_of(st.none(), st.booleans(), JSON_NUMBERS, st.text(max_size=8))
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
ENTRIES = st.fixed_dictionaries(
    {
        "keys": st.lists(st.text(max_size=8), max_size=3),
        "content": texts(600),
        "extensions": st.dictionaries(st.text(max_size=6), JSON, max_size=2),
        "enabled": st.booleans(),
        "insertion_order": st.integers(-5, 100),
    },
    optional={
        "constant": st.booleans(),
        "name": texts(60),
        "id": st.integers(0, 9) | st.text(max_size=3),
        "position": st.sampled_from(["before_char", "after_char"]),
        "use_regex": st.booleans(),
        "secondary_keys": st.lists(st.text(max_size=5), max_size=2),
    },
)
BOOKS = st.fixed_dictionaries(
    {"extensions": st.dictionaries(st.text(max_size=6), JSON, max_size=2), "entries": st.lists(ENTRIES, max_size=3)},
    optional={"name": texts(40), "scan_depth": st.integers(0, 9), "x_unknown": JSON},
)
DIALOGUES = st.sampled_from(
    [
        "<START>\n{{user}}: Hi\n{{char}}: Ho",
        "Ada: hm\n<start>\nYou: why?",
        "{{user}}: one\ntwo\n{{char}}:three",
        "prose",
    ]
)
RULES = st.sampled_from(["- Never lie\n- Always ask", "{{original}}\nStay in role.", "1. One\n2) Two\n\nThree"])
EXTRA = st.dictionaries(
    st.text(min_size=1, max_size=8).filter(lambda key: key not in (*V1, "spec", "spec_version", "data", "tags")),
    JSON,
    max_size=3,
)


def cards(version: Literal[2, 3]) -> st.SearchStrategy[dict[str, Any]]:
    """Any card of a version that keeps to its specification, with whatever else apps may put into it."""
    text = st.one_of(texts(400), st.text(max_size=30))
    required: dict[str, Any] = dict.fromkeys(
        (*V1, "creator_notes", "system_prompt", "creator", "character_version"), text
    )
    required |= {
        "mes_example": text | DIALOGUES,
        "post_history_instructions": text | RULES,
        "description": text | st.just("Ada is a sceptical engineer. She asks for numbers.\n\nShe lives in Galway."),
        "alternate_greetings": st.lists(text, max_size=2),
        "tags": st.lists(st.text(max_size=12), max_size=4),
        "extensions": st.fixed_dictionaries(
            {"chub": JSON}, optional={"talkativeness": st.floats(0, 1) | st.just("0.3"), "fav": st.booleans()}
        ),
    }
    optional: dict[str, Any] = {"character_book": BOOKS}
    if version == 3:
        asset = {"type": "background", "uri": "embeded://assets/background/images/b.png", "name": "b", "ext": "png"}
        required["group_only_greetings"] = st.lists(text, max_size=2)
        optional |= {
            "nickname": st.sampled_from(["", "Addie"]),
            "creator_notes_multilingual": st.just({"de": "Hallo"}),
            "source": st.just(["https://example.org/ada"]),
            "creation_date": st.integers(0, 2**31),
            "modification_date": st.integers(0, 2**31),
            "assets": st.lists(st.just(asset), min_size=1, max_size=2),
        }
    data = st.builds(lambda known, more: more | known, st.fixed_dictionaries(required, optional=optional), EXTRA)
    spec, number = SPECS[version]
    return st.builds(lambda data, top: {"spec": spec, "spec_version": number, "data": data} | top, data, EXTRA)


def sloppy_cards() -> st.SearchStrategy[dict[str, Any]]:
    """Cards by apps that did not read the specification: fields are missing, or hold anything."""
    known = (*V1, "creator_notes", "system_prompt", "post_history_instructions", "tags", "character_book", "assets")
    known += ("nickname", "alternate_greetings", "creation_date", "group_only_greetings")
    books = st.fixed_dictionaries({"entries": JSON | st.lists(JSON | ENTRIES, max_size=3)})
    assets = st.lists(st.fixed_dictionaries({"type": st.just("icon"), "uri": JSON | st.just("ccdefault:")}), max_size=2)
    data = st.dictionaries(st.sampled_from(known), JSON | texts(60) | books | assets, max_size=8)
    whole = st.builds(
        lambda data, extensions: data | {"extensions": extensions}, data, st.dictionaries(st.text(), JSON)
    )
    spec = st.sampled_from(list(SPECS.values()))
    return st.builds(lambda spec, data: {"spec": spec[0], "spec_version": spec[1], "data": data}, spec, whole)


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 60), **options: Any) -> bytes:
    """A small picture with something on it."""
    written = io.BytesIO()
    image = Image.effect_noise(size, 40).convert("RGB")
    image.putpixel((0, 0), (255, 0, 0))
    image.save(written, kind, **options)
    return written.getvalue()


def pixels(data: bytes) -> bytes:
    """The pixels of a picture."""
    with Image.open(io.BytesIO(data)) as opened:
        return opened.convert("RGBA").tobytes()
