"""A department may ask its default persona to have passed its rehearsal, to become the default and to stay it."""

import pytest

from engine.accounts.actor import Actor, Role
from engine.authoring.rehearsal.planning import Wish
from engine.errors import BadInput
from engine.providers.scripted import Scripted
from engine.studio import Studio
from tests.engine.authoring.test_rehearsal import rehearsed
from tests.engine.conftest import person

OPERATOR = Actor.operator()


@pytest.fixture
def rosa(studio: Studio) -> Actor:
    """An administrator, in the department Travel."""
    actor, travel = person(studio, "Rosa", role=Role.ADMIN), studio.departments.add(OPERATOR, "Travel")
    assert actor.person_id is not None
    studio.people.set_department(OPERATOR, actor.person_id, travel.id)
    return studio.people.acting_as(OPERATOR, actor.email)


def tried(studio: Studio, rosa: Actor, local: Scripted, passes: int) -> None:
    """Rehearse the writer, so that so many of its checks pass."""
    checks = studio.checks.all(rosa, "writer")
    for check in checks[4:]:
        studio.checks.drop(rosa, "writer", check.key)
    for check in studio.checks.all(rosa, "writer"):
        studio.checks.save(rosa, "writer", check.key, title="", question="Well?", expected="", must=["yes"])
    local._answers, local._turn = [*["Yes."] * passes, "No."], iter(range(99))
    version = studio.personas.get(rosa, "writer").version
    assert rehearsed(studio, rosa, "writer", Wish((version,), again=True)).state == "done"


def test_only_what_has_passed_becomes_the_default_and_stays_it(studio: Studio, rosa: Actor, local: Scripted) -> None:
    travel = rosa.department_id
    assert travel is not None

    def choose() -> None:
        studio.departments.choose_personas(rosa, travel, recommended=["writer"], default_persona="writer")

    studio.departments.set_guard(rosa, travel, 75)
    with pytest.raises(BadInput, match="has not been rehearsed to the end in version 1"):
        choose()
    tried(studio, rosa, local, passes=2)
    with pytest.raises(BadInput, match="passed 2 of 4 checks, less than 75%"):
        choose()
    assert studio.assistant.default_persona(rosa) == "general"
    tried(studio, rosa, local, passes=3)
    choose()
    assert studio.assistant.default_persona(rosa) == "writer"
    assert studio.departments.all(rosa)[0].held_back == ""

    draft = studio.drafts.open(rosa, "writer")
    studio.drafts.save(rosa, draft.id, {"voice": "Loud."})
    studio.drafts.publish(rosa, draft.id)
    assert studio.assistant.default_persona(rosa) == "general", "the new version has not been rehearsed"
    assert "in version 2" in studio.departments.all(rosa)[0].held_back
    choose()
    tried(studio, rosa, local, passes=4)
    assert studio.assistant.default_persona(rosa) == "writer"
    studio.departments.set_guard(rosa, travel, None)
    assert studio.audit.page(OPERATOR)[0].action == "department.guard"
    for rate in (0, 101):
        with pytest.raises(BadInput):
            studio.departments.set_guard(rosa, travel, rate)
