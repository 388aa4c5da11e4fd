"""Plans as data: what a person may use of the house's keys. Read from `plans.yaml`, or from an admin's edited copy."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.errors import BadInput
from engine.usage.prices import NANO

FILE = Path(__file__).with_name("plans.yaml")
SETTING = "plans"

Count = Annotated[int, Field(ge=0, le=10**9)]
Money = Annotated[Decimal, Field(ge=0, le=10**7, decimal_places=6)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Plan(_Data):
    """The limits of one plan; None is no limit. `profiles` None allows every profile and models picked by name."""

    title: str = Field(min_length=1, max_length=40)
    requests_day: Count | None = None
    requests_month: Count | None = None
    usd_day: Money | None = None
    usd_month: Money | None = None
    calls_per_minute: Count | None = None
    concurrent: Count | None = None
    profiles: tuple[str, ...] | None = None

    def allows(self, profile: str) -> bool:
        """Whether calls of a profile ("user-chosen" for a model picked by name) are in the plan."""
        return self.profiles is None or profile in self.profiles


class Sample(_Data):
    """What an unverified person has."""

    title: str
    tries: Count
    calls_per_minute: Count | None = None
    concurrent: Count | None = None


class Plans(_Data):
    """All plans, the sample, and the house's own monthly cap in USD."""

    default: str
    plans: dict[str, Plan]
    sample: Sample
    house_usd_month: Money

    @model_validator(mode="after")
    def _default_exists(self) -> "Plans":
        if self.default not in self.plans:
            raise ValueError(f"the default plan {self.default!r} is not one of the plans")
        return self

    def of(self, key: str) -> Plan:
        """The plan by its key; the default one when that plan is gone."""
        return self.plans.get(key) or self.plans[self.default]


@cache
def shipped() -> Plans:
    """The plans as they come with the studio."""
    return Plans.model_validate(yaml.safe_load(FILE.read_text("utf-8")))


def plans_of(edited: Any) -> Plans:
    """The plans from the house's setting; the shipped ones when nobody has edited them."""
    return shipped() if edited is None else _parsed(_frozen(edited))


def checked(plans: dict[str, Any]) -> Plans:
    """Edited plans. Raises BadInput that names the plan and the limit."""
    try:
        return Plans.model_validate(plans)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = " · ".join(str(part) for part in first["loc"]) or "plans"
        raise BadInput(
            f"The plans were not saved: {where}: {first['msg'].removeprefix('Value error, ')}.",
            field=where,
            hint="Correct it and save again; everything you typed is still here.",
        ) from None


def nano(usd: Decimal | None) -> int | None:
    """USD as nano-USD."""
    return None if usd is None else int(usd * NANO)


def _frozen(edited: Any) -> str:
    import json

    return json.dumps(edited, sort_keys=True)


@cache
def _parsed(text: str) -> Plans:
    return Plans.model_validate_json(text)
