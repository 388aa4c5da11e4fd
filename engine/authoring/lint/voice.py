"""How they sound: said at all, in words that steer, and in one direction."""

from collections.abc import Iterator

from engine.authoring.lint.finding import Around, Found
from engine.authoring.lint.reading import advice, meaning, pattern, plain_words, sentences
from engine.personas.spec import PersonaSpec

VAGUE_SHARE = 0.2
MOST_NAMED = 3


def no_voice(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Without a voice everybody sounds like the model."""
    if not spec.voice.strip():
        yield Found("voice", "Nothing says how they sound, so they sound like the model.")


def vague_voice(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Praise is no direction."""
    better: dict[str, str] = advice()["vague"]
    vague = list(dict.fromkeys(word for word in plain_words(spec.voice) if word in better))
    if not vague or len(vague) < VAGUE_SHARE * len(meaning(spec.voice)):
        return
    named = vague[:MOST_NAMED]
    verb = "does" if len(vague) == 1 else "do"
    said = f"{_quoted(named, 'and')} {verb} not steer a model. Try {_quoted([better[word] for word in named], 'or')}."
    changed = pattern("|".join(vague)).sub(lambda found: _cased(better[found[0].lower()], found[0]), spec.voice)
    yield Found("voice", said, {"voice": changed}, "Replace words" if len(vague) > 1 else "Replace word")


def torn_voice(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Two wishes that no answer can meet."""
    limits = [text for text in spec.constraints if not text.lower().startswith("never")]
    wishes: list[tuple[str, int | None, str]] = [("voice", None, text) for text in sentences(spec.voice)]
    wishes += [("constraints", spec.constraints.index(text), text) for text in limits]
    for one, other in advice()["opposites"]:
        here = [wish for wish in wishes if _wished(one, wish[2])]
        there = [wish for wish in wishes if _wished(other, wish[2])]
        if here and there:
            first, (field, at, second) = here[0][2], there[0]
            said = f"“{_short(first)}” and “{_short(second)}” pull in two directions."
            yield Found(field, said, at=at)


def _wished(words: str, text: str) -> bool:
    """Whether a text asks for one of these things, and does not say that it shall not be."""
    found = pattern(words).search(text)
    return found is not None and not set(plain_words(text[: found.start()])[-3:]) & {
        "not",
        "never",
        "no",
        "without",
        "nor",
    }


def _quoted(words: list[str], between: str) -> str:
    quoted = [f"“{word}”" for word in words]
    text = f" {between} ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
    return text[:1] + text[1:2].upper() + text[2:] if between == "and" else text


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59].rstrip()}…"
