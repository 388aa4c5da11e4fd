"""Who may see, use, read, edit and delete whose persona: the table of `engine/personas/rights.py`, cell by cell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from engine.accounts.actor import Actor, Role
from engine.errors import BadInput, EditConflict, Forbidden, NotFound, StudioError
from engine.personas.spec import PersonaSpec, Visibility
from engine.studio import Studio
from tests.engine.conftest import person
from tests.engine.personas.test_catalogue import ADA, published

OPERATOR = Actor.operator()
SECRET = "You never sleep."
WHO = ("owner", "editor", "member", "lead", "other", "other_lead", "admin", "unverified")
#                      owner  editor member lead  other other_lead admin unverified
EXPECTED = {
    "private": "       sured  sure   -      -     -     -          -     -",
    "department": "    sured  sure   su     sure  -     -          sure  -",
    "department open": "sured sure   sur    sure  -     -          sure  -",
    "workspace": "     sured  sure   su     su    su    su         su    su",
    "workspace open": "sured  sure   sur    sur   sur   sur        sur   sur",
    "built-in": "      sur    sur    sur    sur   sur   sur        sured sur",
}
"""s: it is listed. u: it can be used. r: its prompt is shown. e: it can be edited in place. d: it can be deleted."""


@dataclass
class Town:
    """A studio with a person of each kind; the owner, the member and the lead are in one department."""

    studio: Studio
    people: dict[str, Actor]

    def __getitem__(self, who: str) -> Actor:
        return self.people[who]

    def key(self, who: str, slug: str) -> str:
        return f"user:{slug}" if who == "owner" else f"team:owner/{slug}"


@pytest.fixture
def town(studio: Studio) -> Town:
    roles = {"lead": Role.LEAD, "other_lead": Role.LEAD, "admin": Role.ADMIN}
    travel, care = (studio.departments.add(OPERATOR, name).id for name in ("Travel", "Care"))
    home = {"owner": travel, "member": travel, "lead": travel, "other": care, "other_lead": care, "admin": care}
    found = {}
    for who in WHO:
        made = person(studio, who, role=roles.get(who, Role.USER), verified=who != "unverified")
        studio.people.set_department(OPERATOR, made.person_id, home.get(who))  # type: ignore[arg-type]
        found[who] = studio.people.acting_as(OPERATOR, made.email)
    return Town(studio, found)


def write(town: Town, kind: str) -> str:
    """A persona of a kind by the owner, with its editor; returns its key without whose it is."""
    visibility, _, is_open = kind.partition(" ")
    fields = {"visibility": visibility, "prompt_open": bool(is_open), "system_prompt": SECRET, "name": "Eve"}
    key = published(town.studio, town["owner"], **fields)
    town.studio.personas.add_editor(town["owner"], key, "editor")
    return key.removeprefix("user:")


def can(act: Callable[[], Any]) -> bool:
    try:
        act()
    except (NotFound, Forbidden):
        return False
    return True


def found_out(town: Town, who: str, key: str) -> str:
    """What somebody can do with a persona, in letters. Deleting comes last, and is taken back."""
    studio, actor, said = town.studio, town[who], ""
    shown = studio.personas.catalogue(actor, most=100)
    for group, cards in (("own", shown.own), ("team", shown.team), ("builtin", shown.builtin)):
        assert shown.totals[group] == len(cards) == len({card.key for card in cards})  # type: ignore[index]
    cards = {card.key: card for card in (*shown.own, *shown.team, *shown.builtin)}
    said += "s" if key in cards else ""
    said += "u" if can(lambda: studio.personas.get(actor, key)) else ""
    assert studio.personas.names(actor, [key]).keys() == cards.keys() & {key}
    view = studio.personas.view(actor, key) if said == "su" else None
    said += "r" if view and view.spec else ""
    assert can(lambda: studio.personas.read(actor, key)) == ("r" in said) == (can(lambda: copied(town, who, key)))
    if view:
        assert (view.may_edit, view.spec is not None) == (cards[key].editable, cards[key].readable)
        assert ":" not in key or ("r" in said) == any(SECRET in repr(each) for each in (view, cards[key]))
    said += "e" if can(lambda: edited(town, who, key)) else ""
    remove, restore = deletion(town, who, key)
    if can(remove):
        restore()
        said += "d"
    return said or "-"


def copied(town: Town, who: str, key: str) -> None:
    draft = town.studio.drafts.duplicate(town[who], key)
    assert draft.spec.visibility is Visibility.PRIVATE and draft.yours and not draft.spec.prompt_open
    town.studio.drafts.discard(town[who], draft.id)


def edited(town: Town, who: str, key: str) -> None:
    """Publish a next version, in place; a copy is no edit."""
    drafts, actor = town.studio.drafts, town[who]
    draft = drafts.open(actor, key)
    if draft.persona_key is None:
        drafts.discard(actor, draft.id)
        raise Forbidden("A copy.")
    assert (draft.persona_key, draft.yours) == (key, key.startswith("user:"))
    drafts.save(actor, draft.id, {"voice": f"As {who} likes it."})
    before = town.studio.personas.get(actor, key)
    assert drafts.publish(actor, draft.id, note=who) == key
    now = town.studio.personas.get(actor, key)
    with town.studio.database.read() as unit:
        version = unit.personas.version(now.id, now.version)
    assert version is not None and version.author_id == actor.person_id
    assert (now.id, now.version, now.spec.voice) == (before.id, before.version + 1, f"As {who} likes it.")


def deletion(town: Town, who: str, key: str) -> tuple[Callable[[], Any], Callable[[], Any]]:
    service = town.studio.personas if ":" in key else town.studio.builtins
    return lambda: service.delete(town[who], key) if ":" in key else service.remove(town[who], key), (  # type: ignore
        lambda: service.restore(town[who], key)
    )


def test_everybody_may_do_what_the_table_says_and_nothing_else(town: Town) -> None:
    slugs = {kind: write(town, kind) for kind in EXPECTED if kind != "built-in"}
    wrong = []
    for kind, letters in EXPECTED.items():
        for who, expected in zip(WHO, letters.split(), strict=True):
            key = town.key(who, slugs[kind]) if kind in slugs else "maestro"
            if (said := found_out(town, who, key)) != expected:
                wrong.append((kind, who, said, expected))
    assert wrong == []


def test_the_department_is_the_owners_at_the_last_publishing(town: Town) -> None:
    studio, slug = town.studio, write(town, "department")
    care = town["other"].department_id
    studio.people.set_department(OPERATOR, town["owner"].person_id, care)  # type: ignore[arg-type]
    assert can(lambda: studio.personas.get(town["member"], f"team:owner/{slug}"))
    assert not can(lambda: studio.personas.get(town["other"], f"team:owner/{slug}"))
    edited(town, "editor", f"team:owner/{slug}")
    assert not can(lambda: studio.personas.get(town["member"], f"team:owner/{slug}"))
    assert can(lambda: studio.personas.get(town["other"], f"team:owner/{slug}"))
    studio.departments.remove(OPERATOR, care)  # type: ignore[arg-type]
    assert not can(lambda: studio.personas.get(town["other"], f"team:owner/{slug}"))
    draft = studio.drafts.open(town["unverified"])
    studio.drafts.save(town["unverified"], draft.id, ADA | {"visibility": "department"})
    with pytest.raises(BadInput, match="in no department"):
        studio.drafts.publish(town["unverified"], draft.id)


def test_only_the_owner_decides_who_uses_it_who_reads_it_and_who_edits_it(town: Town) -> None:
    studio, key, editor = town.studio, f"team:owner/{write(town, 'private')}", town["editor"]
    draft = studio.drafts.open(editor, key)
    for changes in ({"visibility": "workspace"}, {"prompt_open": True}):
        with pytest.raises(BadInput, match="for the owner to decide"):
            studio.drafts.save(editor, draft.id, changes)
    with pytest.raises(NotFound):
        studio.personas.add_editor(editor, key, "other")
    with pytest.raises(NotFound):
        studio.personas.editors(editor, key)
    with studio.database.write() as unit:  # as a draft of one's own would have them, or one of long ago
        content = draft.spec.model_dump(mode="json") | {"visibility": "workspace", "prompt_open": True}
        unit.drafts.save(draft.id, editor.person_id, content, "role", draft.saved_at)  # type: ignore[arg-type]
    studio.drafts.publish(editor, draft.id)
    view = studio.personas.view(town["owner"], key.replace("team:owner/", "user:"))
    assert view.visibility == "private" and view.spec is not None and not view.spec.prompt_open
    assert not can(lambda: studio.personas.get(town["other"], key))


@pytest.mark.parametrize("kind", ["private", "workspace"])
def test_an_editor_who_is_none_any_more_keeps_the_draft_and_sees_nothing_new(town: Town, kind: str) -> None:
    studio, slug = town.studio, write(town, kind)
    owner, editor, own, shared = town["owner"], town["editor"], f"user:{slug}", f"team:owner/{slug}"
    draft = studio.drafts.open(editor, shared)
    studio.drafts.save(editor, draft.id, {"voice": "Mine."})
    assert [each.handle for each in studio.personas.editors(owner, own)] == ["editor"]
    studio.personas.remove_editor(owner, own, "editor")
    assert studio.personas.editors(owner, own) == []
    for refused in (studio.drafts.publish, studio.drafts.rebase):
        with pytest.raises(NotFound, match="no longer yours to edit"):
            refused(editor, draft.id)
    assert studio.drafts.get(editor, draft.id).spec.voice == "Mine."
    assert [card.readable for card in studio.personas.catalogue(editor).team] == ([] if kind == "private" else [False])
    with pytest.raises(NotFound):
        studio.personas.remove_editor(owner, own, "editor")
    for handle, problem in (("nobody", "Nobody here"), ("owner", "You are the owner")):
        with pytest.raises(BadInput, match=problem):
            studio.personas.add_editor(owner, own, handle)
    acts = [act for act in studio.audit.page(OPERATOR) if act.action.startswith("persona.editor")]
    assert [(act.action, act.actor, act.target) for act in acts] == [
        ("persona.editor_remove", "owner", "editor"),
        ("persona.editor_add", "owner", "editor"),
    ]


def test_two_people_edit_one_persona_and_nobodys_change_is_lost(town: Town) -> None:
    studio, slug = town.studio, write(town, "private")
    owner, editor = town["owner"], town["editor"]
    mine = studio.drafts.open(owner, f"user:{slug}")
    theirs = studio.drafts.open(editor, f"team:owner/{slug}")
    studio.drafts.save(owner, mine.id, {"voice": "Dry.", "role": "Captain", "tags": ["sea"]})
    studio.drafts.save(editor, theirs.id, {"voice": "Warm.", "context": "A harbour.", "tags": ["sea"]})
    studio.drafts.publish(editor, theirs.id)
    with pytest.raises(EditConflict, match="version 2 is newer"):
        studio.drafts.publish(owner, mine.id)
    rebased = studio.drafts.rebase(owner, mine.id)
    assert rebased.taken == ("context",) and rebased.draft.base_version == 2
    assert [(each.name, each.title, each.theirs, each.mine) for each in rebased.conflicts] == [
        ("voice", "Voice and tone", "Warm.", "Dry.")
    ]
    again = studio.drafts.rebase(owner, mine.id)
    assert (again.taken, again.conflicts, again.draft.spec) == ((), (), rebased.draft.spec)
    studio.drafts.publish(owner, mine.id)
    now = studio.personas.get(owner, f"user:{slug}")
    said = now.spec.model_dump(include={"voice", "role", "context", "tags"})
    assert said == {"voice": "Dry.", "role": "Captain", "context": "A harbour.", "tags": ("sea",)}
    assert now.version == 3


def test_a_built_in_persona_is_kept_by_admins_in_place_and_the_log_tells(town: Town) -> None:
    studio, admin = town.studio, town["admin"]
    edited(town, "admin", "maestro")
    assert studio.personas.get(town["other"], "maestro").spec.voice == "As admin likes it."
    one = next(each for each in studio.builtins.all(admin) if each.key == "maestro")
    assert (one.version, one.changed) == (2, True)
    assert studio.builtins.reset(admin, "maestro") == 3
    assert not next(each for each in studio.builtins.all(admin) if each.key == "maestro").changed
    with pytest.raises(BadInput, match="answers when nobody is chosen"):
        studio.builtins.remove(admin, "general")
    studio.builtins.remove(admin, "writer")
    assert studio.builtins.all(admin)[-1].removed and not can(lambda: studio.personas.get(admin, "writer"))
    studio.builtins.restore(admin, "writer")
    key = published(studio, admin, name="Guide")
    assert studio.builtins.adopt(admin, key) == "guide"
    assert studio.personas.get(town["unverified"], "guide").spec.name == "Guide"
    with pytest.raises(BadInput, match="already"):
        studio.builtins.adopt(admin, key)
    closed = f"team:owner/{write(town, 'workspace')}"
    with pytest.raises(Forbidden):
        studio.builtins.adopt(admin, closed)
    acts = [act.action for act in studio.audit.page(OPERATOR) if act.target_kind == "persona"]
    assert acts == [f"persona.{act}" for act in ("adopt", "restore", "remove", "reset", "publish")]


def test_a_copy_of_a_closed_persona_is_refused_in_a_clear_sentence(town: Town) -> None:
    key = f"team:owner/{write(town, 'workspace')}"
    with pytest.raises(StudioError) as refused:
        town.studio.drafts.open(town["other"], key)
    assert refused.value.message == (
        "Eve can be used, but not copied or exported: only the owner and the editors see the prompt."
    )
    assert town.studio.personas.get(town["other"], key).spec == PersonaSpec.model_validate(
        ADA | {"name": "Eve", "system_prompt": SECRET, "visibility": "workspace"}
    )
