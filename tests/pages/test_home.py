"""Home: what to do next, what is left, what was begun."""

import pytest

from engine.accounts.actor import Role


def labels(at):
    return [button.label for button in at.main.button]


def captions(at):
    return [caption.value for caption in at.main.caption]


def test_a_newcomer_sees_the_first_steps_with_one_primary_way_on(tab, noor):
    at = tab(noor)
    assert "1 of 5 done" in captions(at)
    assert "Start" in labels(at)
    assert not at.exception


def test_an_unverified_person_may_enter_their_code_and_sees_how_many_tries_are_left(tab, add_person):
    at = tab(add_person(verified=False))
    assert "Enter the code" in labels(at)
    assert any("of 3" in text.value for text in at.main.markdown)


@pytest.mark.parametrize(("role", "sees"), [(Role.USER, False), (Role.ADMIN, True)])
def test_only_admins_see_what_the_house_spends(tab, add_person, role, sees):
    at = tab(add_person(role=role))
    assert any("$20.00" in text.value for text in at.main.markdown) is sees


def test_a_draft_can_be_picked_up_where_it_was_left(tab, studio, noor):
    draft = studio.drafts.open(noor)
    studio.drafts.save(noor, draft.id, {"name": "Ada"}, step="limits")
    at = tab(noor)
    assert any(caption.startswith("Step 4 of 5, saved") for caption in captions(at))
    next(button for button in at.main.button if button.label == "Continue").click().run()
    assert [title.value for title in at.title] == ["Ada"]
    assert "Hard limits" in [head.value for head in at.subheader]
    assert not at.exception


def test_nothing_is_said_of_drafts_when_there_is_none(tab, noor):
    assert "Pick up where you left off" not in [head.value for head in tab(noor).subheader]
