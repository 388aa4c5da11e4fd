"""How the acts of the audit log are called, and one of them with what was before and after."""

from collections.abc import Mapping

import streamlit as st

from engine.accounts.audit import Act
from pages.ui import formats
from pages.ui.context import ADMINS, current_actor, get_studio, require

# first part of an action: word, colour of its chip
KINDS = {
    "session": ("Sign-in", "gray"),
    "password": ("Passwords", "blue"),
    "second_factor": ("Authenticator", "blue"),
    "identity": ("Identities", "blue"),
    "person": ("People", "green"),
    "department": ("Departments", "orange"),
    "key": ("Keys", "yellow"),
    "persona": ("Personas", "violet"),
    "ai": ("Controls", "red"),
    "routing": ("Routing", "blue"),
    "plans": ("Plans", "orange"),
    "budget": ("Budgets", "orange"),
    "call": ("Corrections", "gray"),
    "price": ("Prices", "orange"),
    "vault": ("Vault", "yellow"),
    "other": ("Other", "gray"),
}

# what an act is called, where the words of its name do not say enough
WORDS = {
    "session.open": "Signed in",
    "session.end": "Signed out elsewhere",
    "session.throttled": "Sign-in paused after too many tries",
    "password.change": "Changed the password",
    "password.reset": "Reset the password by a mailed link",
    "second_factor.confirm": "Added an authenticator",
    "second_factor.remove": "Removed the authenticator",
    "identity.tie": "Tied to an OpenID account",
    "person.join": "Created an account",
    "person.name": "Changed the name",
    "person.handle": "Changed the handle",
    "person.first_admin": "Set the studio up as its first administrator",
    "person.add": "Added a person",
    "person.verify": "Verified",
    "person.role": "Changed the role",
    "person.department": "Moved to a department",
    "person.disable": "Disabled",
    "person.enable": "Let in again",
    "person.sign_out": "Signed out everywhere",
    "person.delete": "Deleted",
    "department.add": "Added a department",
    "department.rename": "Renamed a department",
    "department.remove": "Removed a department",
    "department.personas": "Chose personas",
    "department.guard": "Asked for a rehearsal of the default persona",
    "key.save": "Saved a key",
    "key.pause": "Paused a key, or used it again",
    "key.remove": "Removed a key",
    "person.plan": "Changed the plan",
    "person.limit": "Changed the number of questions",
    "routing.change": "Changed the routing",
    "plans.change": "Changed the plans",
    "budget.change": "Changed a budget",
    "call.correct": "Corrected a call",
    "price.set": "Set a price",
    "persona.publish": "Published a built-in persona",
    "persona.adopt": "Made a persona built-in",
    "persona.reset": "Put a built-in persona back as shipped",
    "persona.remove": "Removed a built-in persona",
    "persona.restore": "Brought a built-in persona back",
    "persona.editor_add": "Made an editor of a persona",
    "persona.editor_remove": "Took an editor off a persona",
    "ai.stop": "Stopped AI",
    "ai.lift": "Lifted a stop",
    "vault.rotate": "Changed the master key",
    "vault.retire": "Gave up older master keys",
    "vault.forget": "Gave up a lost master key",
}

# what a field is called, where its name with spaces does not say enough
FIELDS = {"month_usd": "US dollars a month"}


def kind_of(action: str) -> str:
    """The group that an action belongs to."""
    first = action.partition(".")[0]
    return first if first in KINDS else "other"


def said(act: Act) -> str:
    """What was done, and to whom."""
    oneself = act.target_kind == "person" and act.target_id == str(act.actor_id)
    named_already = act.action.startswith(f"{act.target}.")
    return _called(act.action) if oneself or named_already or not act.target else f"{_called(act.action)}: {act.target}"


def names_of_departments() -> dict[str, str]:
    """What the departments are called whose ids stand in the log."""
    return {str(each.id): each.name for each in get_studio().departments.all(current_actor())}


def detail(act: Act, names: Mapping[str, str]) -> str:
    """What changed, on one line; `names` stand for the ids of departments."""
    return ", ".join(f"{_field(name)}: {_change(before, after)}" for name, before, after in _changes(act, names))


@st.dialog("What was done", width="medium")
def look_at(act: Act) -> None:
    """One act in full."""
    require(*ADMINS)
    names = names_of_departments()
    place = f", from {formats.plain(act.address)}" if act.address else ""
    with st.container(gap=None):
        st.markdown(f"**{formats.plain(said(act))}**")
        st.caption(f"{act.at.day} {act.at:%B %Y, %H:%M:%S} UTC, by {formats.plain(act.actor)}{place}")
    if changes := _changes(act, names):
        with st.container(border=True, gap="small"):
            for name, before, after in changes:
                was = f" :red-background[− {formats.plain(_value(before))}]" if before is not None else ""
                now = f" :green-background[+ {formats.plain(_value(after))}]" if after is not None else ""
                st.markdown(f"**{formats.plain(_field(name))}**{was}{now}")
    else:
        st.caption("Nothing else was written down with this act.")
    st.caption(f"Act {act.action} · {act.target_kind} {act.target_id} · record {act.id}")


def _called(action: str) -> str:
    return WORDS.get(action) or action.replace(".", " ").replace("_", " ").capitalize()


def _changes(act: Act, names: Mapping[str, str]) -> list[tuple[str, object, object]]:
    def side(values: Mapping[str, object], field: str) -> object:
        value = values.get(field)
        return names.get(str(value), value) if field == "department_id" else value

    fields = dict.fromkeys([*act.before, *act.after])
    return [(field, side(act.before, field), side(act.after, field)) for field in fields]


def _field(name: str) -> str:
    return FIELDS.get(name) or name.removesuffix("_id").replace("_", " ")


def _change(before: object, after: object) -> str:
    if before is None or after is None:
        return _value(after if before is None else before)
    return f"{_value(before)} → {_value(after)}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
