"""What a model is asked when it helps a writer, and how its answer is read. Pure: no call is made here."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from engine.authoring.writing.proposals import ExchangesForm, ItemsForm, PersonaForm, Remark, ReviewForm, fitting
from engine.errors import BadInput
from engine.llm import LLMRequest, Message
from engine.personas.spec import PersonaSpec
from engine.runs import storable

_FILE = Path(__file__).with_name("instructions.yaml")
DRAFT, REVIEW, IMPROVE = "draft", "review", "improve/"
LONGEST_WISH = 2_000
DRAFT_TOKENS, IMPROVE_TOKENS, REVIEW_TOKENS = 1_600, 700, 900
IMPROVABLE = (
    *("role", "system_prompt", "context", "voice", "knowledge", "unknowns"),
    *("constraints", "when_pushed", "sample_queries", "sample_interactions"),
)
_FENCE = re.compile(r"^```\w*\n(.*?)\n?```$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What came of an answer. `fields` are new values as stored; remarks and a verdict come of a review.

    `readable` is False when the answer had not the form that was asked for: then nothing of it is used. `left_out`
    has the titles of fields whose value a persona cannot hold.
    """

    fields: Mapping[str, Any]
    readable: bool = True
    left_out: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    verdict: str = ""


UNREADABLE = Proposal({}, readable=False)


@dataclass(frozen=True, slots=True)
class Task:
    """A request, and the reader of its answer."""

    request: LLMRequest
    read: Callable[[str], Proposal]


def task_of(name: str, spec: PersonaSpec, said: str = "") -> Task:
    """The task `draft` (from the sentence that was said), `improve/<field>` (as was wished), or `review`.

    Raises BadInput that names what cannot be used.
    """
    said = _clean(said, "Sentence" if name == DRAFT else "Wish")
    if name == DRAFT:
        if not said:
            raise BadInput("There is no sentence.", field="Sentence", hint="Say in a few words who it shall be.")
        return _form_task("draft", said, PersonaForm, DRAFT_TOKENS, lambda form: form.model_dump(mode="json"))
    if name == REVIEW:
        request = _request("review", _as_data(spec), REVIEW_TOKENS, ReviewForm)
        return Task(request, _read_review)
    field = name.removeprefix(IMPROVE)
    if not name.startswith(IMPROVE) or field not in IMPROVABLE:
        raise BadInput(f"{field!r} is no field that a model can improve.", field="Field")
    return _improvement(field, spec, said)


def _improvement(field: str, spec: PersonaSpec, wish: str) -> Task:
    about, value = PersonaSpec.model_fields[field], spec.model_dump(mode="json")[field]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    prompt = _words()["field"].format(
        persona=_as_data(spec),
        title=about.title,
        about=about.description,
        wish=_words()["wish"].format(wish=wish) if wish else "",
        text=text,
    )
    if isinstance(value, str):
        request = _request("prose", prompt, IMPROVE_TOKENS)
        return Task(request, lambda answer: _proposal({field: _bare(answer)}))
    form = ExchangesForm if field == "sample_interactions" else ItemsForm
    return _form_task(
        "items", prompt, form, IMPROVE_TOKENS, lambda items: {field: items.model_dump(mode="json")["items"]}
    )


def _form_task(
    key: str, prompt: str, form: type[BaseModel], tokens: int, values: Callable[[BaseModel], Mapping[str, Any]]
) -> Task:
    def read(answer: str) -> Proposal:
        try:
            return _proposal(values(form.model_validate_json(_bare(answer))))
        except ValidationError:
            return UNREADABLE

    return Task(_request(key, prompt, tokens, form), read)


def _read_review(answer: str) -> Proposal:
    try:
        review = ReviewForm.model_validate_json(_bare(answer))
    except ValidationError:
        return UNREADABLE
    return Proposal({}, remarks=tuple(review.remarks), verdict=review.verdict)


def _proposal(values: Mapping[str, Any]) -> Proposal:
    kept, left_out = fitting(values)
    return Proposal(kept, readable=bool(kept or left_out), left_out=left_out)


def _request(key: str, prompt: str, tokens: int, form: type[BaseModel] | None = None) -> LLMRequest:
    schema = form.model_json_schema() if form else None
    return LLMRequest((Message("user", prompt),), _words()[key], max_output_tokens=tokens, schema=schema)


def _as_data(spec: PersonaSpec) -> str:
    said = spec.model_dump(mode="json", exclude_defaults=True, include={"name", "modality", "tools", *IMPROVABLE})
    return _words()["persona"].format(persona=json.dumps(said, ensure_ascii=False, indent=1))


def _bare(answer: str) -> str:
    """An answer without what models like to wrap around it."""
    text = answer.strip()
    if fenced := _FENCE.match(text):
        text = fenced[1].strip()
    if len(text) > 1 and (text[0], text[-1]) in (('"', '"'), ("“", "”")) and text[1:-1].count(text[0]) == 0:
        text = text[1:-1].strip()
    return text


def _clean(said: str, field: str) -> str:
    said = storable(said.strip())
    if len(said) > LONGEST_WISH:
        raise BadInput(f"{field}: at most {LONGEST_WISH:,} characters fit.", field=field, hint="Shorten it.")
    return said


@cache
def _words() -> dict[str, str]:
    read: dict[str, str] = yaml.safe_load(_FILE.read_text("utf-8"))
    return read
