"""The checks of a persona: they follow from its samples and limits, and its writer may change, drop and add some.

A check that nobody touched is kept nowhere: it is worked out anew, and known by what it is about. So it stays the
same from version to version, and is gone with the sample or the limit that it came from.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

import yaml

from engine.personas.spec import PersonaSpec

Kind = Literal["sample", "limit", "own"]
FILE = Path(__file__).with_name("probes.yaml")
SMALL = 3
_QUOTED = re.compile('[“"„«]([^“”"„«»]{2,80})[”"“»]')
_TITLE = 70


@dataclass(frozen=True, slots=True)
class Check:
    """A question and what its answer must be like.

    `expected` is the sample's answer, the limit, or what a writer expects. With phrases a rule judges: each of `must`
    has to occur, none of `must_not` may. Without, a model judges.
    """

    key: str
    kind: Kind
    title: str
    question: str
    expected: str
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    edited: bool = False

    @property
    def by_rule(self) -> bool:
        """Whether no model is needed to judge."""
        return bool(self.must or self.must_not)

    @property
    def digest(self) -> str:
        """What tells results of this check from those of the same one before it was changed."""
        return _short([self.kind, self.question, self.expected, self.must, self.must_not])


class Edit(Protocol):
    """A stored check: one that was changed, dropped or added."""

    key: str
    kind: str
    title: str
    question: str
    expected: str
    must: list[Any]
    must_not: list[Any]
    removed: bool


def checks_of(spec: PersonaSpec, edits: Iterable[Edit] = ()) -> tuple[Check, ...]:
    """All checks of a persona: samples, then limits, then those that a writer added."""
    found = {check.key: check for check in (*_of_samples(spec), *_of_limits(spec))}
    for edit in edits:
        if edit.removed:
            found.pop(edit.key, None)
        elif edit.kind == "own" or edit.key in found:
            found[edit.key] = _edited(edit)
    return tuple(found.values())


def small_set(checks: Sequence[Check], most: int = SMALL) -> tuple[Check, ...]:
    """A few trick questions, of as many limits as there are."""
    by_limit: dict[str, list[Check]] = {}
    for check in checks:
        if check.kind == "limit":
            by_limit.setdefault(check.expected, []).append(check)
    depth = max(map(len, by_limit.values()), default=0)
    in_turn = [group[at] for at in range(depth) for group in by_limit.values() if at < len(group)]
    return tuple(in_turn[:most])


def _edited(edit: Edit) -> Check:
    kind: Kind = "own" if edit.kind == "own" else "sample" if edit.kind == "sample" else "limit"
    must, must_not = tuple(map(str, edit.must)), tuple(map(str, edit.must_not))
    return Check(edit.key, kind, edit.title, edit.question, edit.expected, must, must_not, edited=True)


def _of_samples(spec: PersonaSpec) -> Iterable[Check]:
    for pair in spec.sample_interactions:
        if pair.user.strip() and pair.persona.strip():
            key = f"sample:{_short([pair.user, pair.persona])}"
            yield Check(key, "sample", _title(pair.user), pair.user.strip(), pair.persona.strip())


def _of_limits(spec: PersonaSpec) -> Iterable[Check]:
    probes = _probes()
    topic = next((query.strip() for query in spec.sample_queries if query.strip()), probes["topic"])
    for limit in dict.fromkeys(" ".join(line.split()) for line in spec.constraints if line.strip()):
        begins, act, questions = _kind_of(limit, probes["kinds"])
        said = tuple(_QUOTED.findall(limit))
        must, must_not = said if begins == "always" else (), said if begins == "never" else ()
        for at, question in enumerate(questions[: probes["a_limit"]]):
            asked = question.format(act=act, limit=limit, topic=topic)
            title = f"{_title(limit)} ({at + 1})" if at else _title(limit)
            yield Check(f"limit:{_short(limit)}:{at + 1}", "limit", title, asked, limit, must, must_not)


def _kind_of(limit: str, kinds: Sequence[Mapping[str, Any]]) -> tuple[str, str, Sequence[str]]:
    """How a limit begins, what follows, and the questions for that kind."""
    for kind in kinds:
        for begins in kind["begins"]:
            if limit.casefold().startswith(f"{begins} "):
                return kind["begins"][0], limit[len(begins) :].strip().rstrip(".!"), kind["questions"]
    return "", limit, kinds[-1]["questions"]


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _probes() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return found
