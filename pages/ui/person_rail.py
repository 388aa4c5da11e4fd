"""What an administrator does with the people who are chosen: the rail beside their table, and its dialogs."""

from collections.abc import Callable, Mapping
from uuid import UUID

import streamlit as st

from engine.accounts.actor import Actor, Role
from engine.accounts.people import Person
from engine.errors import StudioError
from pages.ui import formats
from pages.ui.context import ADMINS, current_actor, get_studio, require, visitor
from pages.ui.errors import notice
from pages.ui.layout import card, card_head, say, slot
from pages.ui.navigation import ROLES
from pages.ui.person_limits import person_limits

REFUSED = "people/refused"
KEEP = "As it is"
NONE = "None"

# state: word, colour of its badge
STATES = {"verified": ("Verified", "green"), "unverified": ("Not verified", "orange"), "disabled": ("Disabled", "red")}


def state_of(person: Person) -> str:
    """The state of a person as the filters name it."""
    return "disabled" if person.disabled else "verified" if person.verified else "unverified"


def rail(chosen: list[Person], departments: Mapping[str, UUID], *, me: UUID | None) -> None:
    """One person with all that can be done, or what can be done with several at once."""
    if not chosen:
        with st.container(border=True):
            st.caption("Choose somebody in the table to see what you can do. Choose several to do it for all of them.")
        return
    refused = st.session_state.pop(REFUSED, None)
    if len(chosen) > 1:
        _several(chosen, departments, refused, me=me)
    else:
        _one(chosen[0], departments, refused, me=me)


def _one(person: Person, departments: Mapping[str, UUID], refused: StudioError | None, *, me: UUID | None) -> None:
    word, colour = STATES[state_of(person)]
    key = str(person.id)
    names = {department_id: name for name, department_id in departments.items()}
    with st.container(border=True):
        with card_head(
            formats.plain(person.name), f"{formats.plain(person.handle)}{' · you' if person.id == me else ''}"
        ):
            st.badge(word, color=colour)
        st.text_input("E-mail", person.email, key=f"email/{key}", disabled=True)
        seen = f"last seen {formats.ago(person.last_seen_at)}" if person.last_seen_at else "never seen"
        st.caption(f"Joined {formats.ago(person.created_at)} · {seen}")
        with slot():
            if refused:
                notice(refused)
            if not person.verified:
                _button("Verify by hand", ":material/verified:", _verify, [person], kind="primary")
                _button("Send the code again", ":material/mail:", _send_code, [person])
        _choice("Role", {ROLES[role][0]: role for role in Role}, ROLES[person.role][0], _set_role, [person])
        there = names.get(person.department_id, NONE) if person.department_id else NONE
        _choice("Department", {NONE: None, **departments}, there, _set_department, [person])
        person_limits(person)
        with st.container(horizontal=True, gap="xsmall"):
            _button("Sign out everywhere", ":material/logout:", _sign_out, [person], kind="tertiary")
            if person.disabled:
                _button("Let in again", ":material/check_circle:", _enable, [person], kind="tertiary")
            elif person.id != me:
                _button("Disable", ":material/block:", _disable, [person], kind="tertiary")
            if person.id != me and st.button(
                ":red[Delete]", icon=":material/delete:", type="tertiary", key=f"delete/{key}"
            ):
                delete_person(person)


def _several(
    chosen: list[Person], departments: Mapping[str, UUID], refused: StudioError | None, *, me: UUID | None
) -> None:
    others = [person for person in chosen if person.id != me]
    with card(f"{len(chosen)} people", formats.plain(", ".join(person.name for person in chosen))):
        with slot():
            if refused:
                notice(refused)
            if open_ones := [person for person in chosen if not person.verified]:
                _button(f"Verify {len(open_ones)} by hand", ":material/verified:", _verify, open_ones, kind="primary")
        choices = {KEEP: KEEP, NONE: None, **departments}
        _choice("Department", choices, KEEP, _set_department, chosen)
        _button("Sign out everywhere", ":material/logout:", _sign_out, chosen)
        if let_in := [person for person in others if not person.disabled]:
            _button(f"Disable {len(let_in)}", ":material/block:", _disable, let_in)
        if kept_out := [person for person in others if person.disabled]:
            _button(f"Let {len(kept_out)} in again", ":material/check_circle:", _enable, kept_out)


def _button(label: str, icon: str, act: Callable, people: list[Person], *, kind: str = "secondary") -> None:
    width = "content" if kind == "tertiary" else "stretch"
    key = f"{act.__name__}/{hash(tuple(person.id for person in people))}"
    st.button(label, icon=icon, type=kind, width=width, key=key, on_click=_for_each, args=(people, act))


def _choice(label: str, options: Mapping[str, object], now: str, act: Callable, people: list[Person]) -> None:
    """A select box that acts when it is changed, and always shows what is stored."""
    key = f"{label}/{hash(tuple(person.id for person in people))}"
    st.session_state[key] = now

    def change() -> None:
        value = options[st.session_state[key]]
        if value != KEEP:
            _for_each(people, lambda actor, person: act(actor, person, value))

    st.selectbox(label, list(options), key=key, on_change=change)


def _for_each(people: list[Person], act: Callable[[Actor | None, Person], str]) -> None:
    """Do it for each; what is refused is said in the rail, and the others go through."""
    done = []
    for person in people:
        try:
            done.append(act(current_actor(), person))
        except StudioError as problem:
            st.session_state[REFUSED] = problem
    if done:
        say(done[0] if len(done) == 1 else f"Done for {len(done)} people")


def _verify(actor: Actor | None, person: Person) -> str:
    get_studio().people.verify_by_hand(actor, person.id)
    return f"{person.name} is verified"


def _send_code(_: Actor | None, person: Person) -> str:
    get_studio().joining.send_code(person.email, visitor())
    return f"A code is on its way to {person.name}"


def _set_role(actor: Actor | None, person: Person, role: Role) -> str:
    get_studio().people.set_role(actor, person.id, role)
    return f"{person.name} is now: {ROLES[role][0].lower()}"


def _set_department(actor: Actor | None, person: Person, department_id: UUID | None) -> str:
    get_studio().people.set_department(actor, person.id, department_id)
    return f"{person.name} is in another department" if department_id else f"{person.name} is in no department"


def _sign_out(actor: Actor | None, person: Person) -> str:
    get_studio().people.sign_out_everywhere(actor, person.id)
    return f"{person.name} is signed out everywhere"


def _disable(actor: Actor | None, person: Person) -> str:
    get_studio().people.disable(actor, person.id)
    return f"{person.name} is kept out from now on"


def _enable(actor: Actor | None, person: Person) -> str:
    get_studio().people.enable(actor, person.id)
    return f"{person.name} may sign in again"


@st.dialog("Delete this person?")
def delete_person(person: Person) -> None:
    """Name what is lost."""
    actor = require(*ADMINS)
    st.markdown(
        f"The personas of **{formats.plain(person.name)}** are deleted with all their versions, also those that they "
        "share, and so are their drafts, kept answers, keys and settings. **This cannot be undone.** What their calls "
        "cost stays in the books, without their name."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep them"):
            st.rerun()
        if st.button(":red[Delete person]", icon=":material/delete:"):
            try:
                get_studio().privacy.delete_person(actor, person.id)
            except StudioError as problem:
                notice(problem)
            else:
                say(f"{person.name} is deleted")
                st.rerun()


@st.dialog("Add a person")
def add_person(departments: Mapping[str, UUID]) -> None:
    """A new account; its owner sets the password by the mailed link."""
    actor = require(*ADMINS)
    with st.form("add person", border=False):
        email = st.text_input("E-mail", type="email", autocomplete="off", placeholder="noor@example.com")
        name = st.text_input("Name", autocomplete="off", placeholder="Noor Haddad")
        role = st.selectbox("Role", list(Role), format_func=lambda role: ROLES[role][0])
        department = st.selectbox("Department", [NONE, *departments])
        st.caption("They get a mail with a link that sets their password.")
        asked = st.form_submit_button("Add", type="primary")
    if asked:
        try:
            person = get_studio().people.add(actor, email=email, name=name, role=role)
            if department != NONE:
                get_studio().people.set_department(actor, person.id, departments[department])
            get_studio().joining.request_reset(person.email, visitor())
        except StudioError as problem:
            notice(problem)
        else:
            say(f"{person.name} is added, and a link is on its way to them")
            st.rerun()
