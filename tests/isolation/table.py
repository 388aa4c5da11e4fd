"""The one table of who may do what with whose.

A method's row says, for each kind of person, and for each thing that the method can be given, what must come of it:

    o  it is done                         x  Forbidden
    .  nothing happens, and nobody is told  -  NotFound
    s  it is done for oneself only        b  BadInput: allowed, but not with what there is

`who` has a letter for each of WHO; where it is `o` and the method takes something that is owned, `whose` has a letter
for each of WHOSE. Whatever the letters say, nobody's try may change a row of Eve's or bring back her words, unless
the letter for "theirs" is `o`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyotp

from engine.accounts.actor import Actor, Role
from engine.conversations.assistant import Picks
from engine.personas.spec import PersonaSpec
from engine.routing.tables import load_tables
from engine.studio import Studio
from engine.usage.reports import Line, Report
from engine.usage.sums import Sums
from engine.usage.view import View
from tests.engine.conftest import PASSWORD
from tests.isolation.house import (
    ADDRESS,
    ANSWER,
    DELETED_PERSONA,
    DELETED_SCENE,
    DELETED_THREAD,
    DEPARTMENT,
    DRAFT,
    EDITED_DRAFT,
    GUARDED_PERSON,
    HOUSE_KEY,
    KEEPER,
    OWN_KEY,
    PERSON,
    PERSONA,
    PICTURE,
    SCENE,
    SESSION,
    SHARED_PERSONA,
    SHARED_SCENE,
    STOP,
    THREAD,
    WHO,
    House,
    Kind,
    a_picture,
)
from tests.isolation.tried import COLUMNS, COMPARED, LOCAL, PICKED, REVISED, STOPPED, WISH

RULE = {"title": "", "question": "Who?", "expected": "A name."}
DAYS = (date(2026, 11, 1), date(2026, 11, 30))
PRICE = {"input": Decimal(1), "output": Decimal(2)}
WHOSE = ("mine", "theirs", "deleted", "random")

#          nobody unverified other lead disabled ex_admin admin
MEMBERS = "x      o          o     o    x        o        o"
LEADS = "  x      x          x     o    x        x        o"
ADMINS = " x      x          x     x    x        x        o"
PROVED = " x      b          o     o    x        o        o"

#      mine theirs deleted random
OWN = "o    -      -       -"
ANY = "o    o      -       -"
SELF = "o   s      s       s"
QUIET = "o  .      .       ."

OPEN_TO_ANYONE = {
    "access.actor": "asked with a session that the browser's cookie stands for",
    "access.awaits_cookie": "the same",
    "access.create_first_admin": "asks for the setup link",
    "access.new_setup_link": "for the operator's terminal; a link only while there is no administrator",
    "access.redeem": "asks for a one-time code",
    "access.session_of": "asks for the cookie's token",
    "access.setup_open": "tells no more than the page that it chooses",
    "access.sign_in": "asks for the password",
    "access.sign_in_with": "asked with the proof of an OpenID provider",
    "access.sign_out": "asked with the browser's own session",
    "joining.open_to_all": "tells what the page shows",
    "joining.request_reset": "mails the owner of the address",
    "joining.reset": "asks for the mailed link",
    "joining.send_code": "mails the owner of the address",
    "joining.sign_up": "proves nothing before the mailed code",
    "joining.verify": "asks for the mailed code",
}

Call = Callable[[Studio, Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Row:
    """What a method is given and what must come of it.

    `prepare` makes what a call needs that is allowed; a refused one gets `dummy`. With `fresh`, each allowed call is
    made by another person of the kind, because it may change who they are.
    """

    who: str
    call: Call
    thing: Kind | None = None
    whose: str | Mapping[str, str] = ""
    prepare: Callable[[House, str], Any] | None = None
    dummy: Any = None
    fresh: bool = False

    def expected(self, who: str, whose: str) -> str:
        """The letter of a cell."""
        letter = dict(zip(WHO, self.who.split(), strict=True))[who]
        if letter != "o" or self.thing is None:
            return letter
        line = self.whose if isinstance(self.whose, str) else self.whose[who]
        return dict(zip(WHOSE, line.split(), strict=True))[whose]


def _own_key(house: House, who: str) -> None:
    house.names(OWN_KEY, who, "mine")
    house.used(OWN_KEY, who, "mine")


def _house_key(house: House, who: str) -> None:
    house.studio.keys.save(Actor.operator(), "openai", "sk-words-of-house-0000", house=True)


def _first_code(house: House, who: str) -> str:
    house.studio.account.begin_second_factor(house.maker(who), PASSWORD)
    secret = house.studio.account.pending_second_factor(house.maker(who)).secret
    return pyotp.TOTP(secret).at(house.clock())


def _second_factor(house: House, who: str) -> None:
    house.studio.account.confirm_second_factor(house.maker(who), _first_code(house, who))


def _call(house: House, who: str) -> Any:
    house.studio.conversations.ask(house.maker(who), "Hello?")
    return house.studio.usage.events(Actor.operator())[-1].admission_id


def _built_in(house: House, who: str) -> str:
    (key,) = house.names(PERSONA, who, "mine")
    house.used(PERSONA, who, "mine")
    return house.studio.builtins.adopt(house.maker(who), key)


def _former_built_in(house: House, who: str) -> str:
    key = _built_in(house, who)
    house.studio.builtins.remove(house.maker(who), key)
    return key


def handle_of(studio: Studio, who: str) -> str:
    """The handle of the first person of that name."""
    return next(each.handle for each in studio.people.all(Actor.operator()) if each.name == who)


def _some_picture(house: House, who: str) -> bytes:
    return a_picture(house)


def _new_name(house: House, who: str) -> str:
    return f"name-{house.number()}"


NEW = "another horse battery"
CLI = Picks(surface="cli")
SPEC = PersonaSpec(name="Ada", role="counts")
CARD = b"name: Ada\nrole: counts"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

TABLE: dict[str, Row] = {
    "account.begin_second_factor": Row(PROVED, lambda s, a, it: s.account.begin_second_factor(a, PASSWORD), fresh=True),
    "account.change_handle": Row(
        MEMBERS, lambda s, a, it: s.account.change_handle(a, it), prepare=_new_name, dummy="z9"
    ),
    "account.change_password": Row(
        MEMBERS,
        lambda s, a, it: s.account.change_password(a, it, old=PASSWORD, new=NEW),
        SESSION,
        SELF,
        fresh=True,
    ),
    "account.confirm_second_factor": Row(
        PROVED,
        lambda s, a, it: s.account.confirm_second_factor(a, it),
        prepare=_first_code,
        dummy="000000",
        fresh=True,
    ),
    "account.end_others": Row(MEMBERS, lambda s, a, it: s.account.end_others(a, it), SESSION, SELF),
    "account.end_session": Row(MEMBERS, lambda s, a, it: s.account.end_session(a, it), SESSION, OWN),
    "account.pending_second_factor": Row(
        PROVED, lambda s, a, it: s.account.pending_second_factor(a), prepare=_first_code, fresh=True
    ),
    "account.profile": Row(MEMBERS, lambda s, a, it: s.account.profile(a)),
    "account.remove_second_factor": Row(
        PROVED,
        lambda s, a, it: s.account.remove_second_factor(a, PASSWORD),
        prepare=_second_factor,
        fresh=True,
    ),
    "account.rename": Row(MEMBERS, lambda s, a, it: s.account.rename(a, "Renamed"), fresh=True),
    "account.sessions": Row(MEMBERS, lambda s, a, it: s.account.sessions(a)),
    "allowances.alerts": Row(ADMINS, lambda s, a, it: s.allowances.alerts(a, LONG_AGO)),
    "allowances.budgets": Row(ADMINS, lambda s, a, it: s.allowances.budgets(a)),
    "allowances.give_plan": Row(
        ADMINS, lambda s, a, it: s.allowances.give_plan(a, it, "standard"), PERSON, ANY, fresh=True
    ),
    "allowances.mine": Row(MEMBERS, lambda s, a, it: s.allowances.mine(a)),
    "allowances.of": Row(ADMINS, lambda s, a, it: s.allowances.of(a, it), PERSON, ANY),
    "allowances.override": Row(ADMINS, lambda s, a, it: s.allowances.override(a, it, 5), PERSON, ANY, fresh=True),
    "allowances.people_by_plan": Row(ADMINS, lambda s, a, it: s.allowances.people_by_plan(a)),
    "allowances.plans": Row(MEMBERS, lambda s, a, it: s.allowances.plans(a)),
    "allowances.save_plans": Row(
        ADMINS,
        lambda s, a, it: s.allowances.save_plans(a, it),
        prepare=lambda house, who: house.studio.allowances.plans(house.maker(who)).model_dump(mode="json"),
        dummy={},
    ),
    "allowances.set_budget": Row(ADMINS, lambda s, a, it: s.allowances.set_budget(a, "house", "house", Decimal(9))),
    "allowances.set_own_cap": Row(MEMBERS, lambda s, a, it: s.allowances.set_own_cap(a, Decimal(9))),
    "allowances.switch_ai": Row(MEMBERS, lambda s, a, it: s.allowances.switch_ai(a, on=True)),
    "assistant.again": Row(MEMBERS, lambda s, a, it: s.assistant.again(a, it), ANSWER, OWN, fresh=True),
    "assistant.default_persona": Row(MEMBERS, lambda s, a, it: s.assistant.default_persona(a)),
    "assistant.estimate": Row(MEMBERS, lambda s, a, it: s.assistant.estimate(a, CLI, thread_id=it), THREAD, OWN),
    "assistant.route": Row(MEMBERS, lambda s, a, it: s.assistant.route(a, CLI)),
    "assistant.run": Row(MEMBERS, lambda s, a, it: s.assistant.run(a, it), ANSWER, OWN),
    "assistant.send": Row(
        MEMBERS, lambda s, a, it: s.assistant.send(a, "Who?", CLI, thread_id=it), THREAD, OWN, fresh=True
    ),
    "assistant.send to a persona": Row(
        MEMBERS, lambda s, a, it: s.assistant.send(a, "Who?", Picks(it, surface="cli")), PERSONA, OWN, fresh=True
    ),
    "assistant.set_default_persona": Row(
        MEMBERS, lambda s, a, it: s.assistant.set_default_persona(a, it), PERSONA, OWN
    ),
    "assistant.stop": Row(MEMBERS, lambda s, a, it: s.assistant.stop(a, it), ANSWER, OWN),
    "audit.actions": Row(ADMINS, lambda s, a, it: s.audit.actions(a)),
    "audit.count": Row(ADMINS, lambda s, a, it: s.audit.count(a)),
    "audit.export": Row(ADMINS, lambda s, a, it: s.audit.export(a)),
    "audit.page": Row(ADMINS, lambda s, a, it: s.audit.page(a, most=10_000)),
    "builtins.adopt": Row(ADMINS, lambda s, a, it: s.builtins.adopt(a, it), PERSONA, OWN),
    "builtins.all": Row(ADMINS, lambda s, a, it: s.builtins.all(a)),
    "builtins.remove": Row(ADMINS, lambda s, a, it: s.builtins.remove(a, it), prepare=_built_in, dummy="maestro"),
    "builtins.reset": Row(ADMINS, lambda s, a, it: s.builtins.reset(a, it), dummy="maestro"),
    "builtins.restore": Row(
        ADMINS, lambda s, a, it: s.builtins.restore(a, it), prepare=_former_built_in, dummy="maestro"
    ),
    "controls.check": Row(
        MEMBERS,
        lambda s, a, it: s.controls.check(
            a, surface="cli", provider="local", model="smollm2", profile="compat", key_source="local", free=True
        ),
    ),
    "checks.all": Row(MEMBERS, lambda s, a, it: s.checks.all(a, it), PERSONA, OWN),
    "checks.bring_back": Row(MEMBERS, lambda s, a, it: s.checks.bring_back(a, it), PERSONA, OWN),
    "checks.drop": Row(MEMBERS, lambda s, a, it: s.checks.drop(a, it, s.checks.all(a, it)[0].key), PERSONA, OWN),
    "checks.dropped": Row(MEMBERS, lambda s, a, it: s.checks.dropped(a, it), PERSONA, OWN),
    "checks.save": Row(MEMBERS, lambda s, a, it: s.checks.save(a, it, None, **RULE), PERSONA, OWN),
    "compare.ask": Row(MEMBERS, lambda s, a, it: s.compare.ask(a, it, "Who?", COLUMNS), PERSONA, OWN, fresh=True),
    "compare.last": Row(MEMBERS, lambda s, a, it: s.compare.last(a, it), PERSONA, OWN),
    "compare.offer": Row(MEMBERS, lambda s, a, it: s.compare.offer(a, it, "Who?", COLUMNS), PERSONA, OWN),
    "compare.offer for a draft": Row(
        MEMBERS, lambda s, a, it: s.compare.offer(a, f"draft:{it}", "Who?", COLUMNS), DRAFT, OWN
    ),
    "compare.prefer": Row(MEMBERS, lambda s, a, it: s.compare.prefer(a, it.key, it.answer_id), PICKED, OWN, fresh=True),
    "compare.profile_for": Row(MEMBERS, lambda s, a, it: s.compare.profile_for(a, it), COMPARED, OWN, fresh=True),
    "compare.rate": Row(MEMBERS, lambda s, a, it: s.compare.rate(a, it, 1), COMPARED, OWN, fresh=True),
    "compare.standings": Row(MEMBERS, lambda s, a, it: s.compare.standings(a, it), PERSONA, OWN),
    "compare.stop": Row(MEMBERS, lambda s, a, it: s.compare.stop(a, it), PERSONA, OWN),
    "compare.subject": Row(MEMBERS, lambda s, a, it: s.compare.subject(a, it), PERSONA, OWN),
    "controls.in_force": Row(ADMINS, lambda s, a, it: s.controls.in_force(a)),
    "controls.lift": Row(ADMINS, lambda s, a, it: s.controls.lift(a, it), STOP, ANY),
    "controls.notice": Row(MEMBERS, lambda s, a, it: s.controls.notice(a)),
    "controls.stop": Row(
        ADMINS, lambda s, a, it: s.controls.stop(a, "person", str(it), reason="A try."), PERSON, ANY, fresh=True
    ),
    "controls.touched": Row(ADMINS, lambda s, a, it: s.controls.touched(a, "person", str(it)), PERSON, ANY),
    "controls.writing": Row(ADMINS, lambda s, a, it: s.controls.writing(a)),
    "cards.export": Row(MEMBERS, lambda s, a, it: s.cards.export(a, it, ".json"), PERSONA, OWN),
    "cards.export_many": Row(MEMBERS, lambda s, a, it: s.cards.export_many(a, [it], ".yaml"), PERSONA, OWN),
    "cards.import_as_draft": Row(MEMBERS, lambda s, a, it: s.cards.import_as_draft(a, "x.yaml", CARD)),
    "cards.read": Row(MEMBERS, lambda s, a, it: s.cards.read(a, "x.yaml", CARD)),
    "conversations.ask": Row(
        MEMBERS, lambda s, a, it: s.conversations.ask(a, "Who?", persona=it), PERSONA, OWN, fresh=True
    ),
    "corrections.correct": Row(
        ADMINS,
        lambda s, a, it: s.corrections.correct(a, it, cost_usd=Decimal(1), reason="A try."),
        prepare=_call,
        fresh=True,
    ),
    "departments.add": Row(
        ADMINS, lambda s, a, it: s.departments.add(a, it), prepare=_new_name, dummy="Should not be there"
    ),
    "departments.all": Row(MEMBERS, lambda s, a, it: s.departments.all(a)),
    "departments.choose_personas": Row(
        LEADS,
        lambda s, a, it: s.departments.choose_personas(a, it, recommended=["writer"], default_persona="writer"),
        DEPARTMENT,
        {"lead": OWN, "admin": ANY},
    ),
    "departments.remove": Row(ADMINS, lambda s, a, it: s.departments.remove(a, it), DEPARTMENT, ANY),
    "departments.rename": Row(ADMINS, lambda s, a, it: s.departments.rename(a, it, f"Renamed {it}"), DEPARTMENT, ANY),
    "departments.set_guard": Row(
        LEADS, lambda s, a, it: s.departments.set_guard(a, it, 90), DEPARTMENT, {"lead": OWN, "admin": ANY}
    ),
    "drafts.all": Row(MEMBERS, lambda s, a, it: s.drafts.all(a)),
    "drafts.discard": Row(MEMBERS, lambda s, a, it: s.drafts.discard(a, it), DRAFT, OWN),
    "drafts.duplicate": Row(MEMBERS, lambda s, a, it: s.drafts.duplicate(a, it), PERSONA, OWN),
    "drafts.get": Row(MEMBERS, lambda s, a, it: s.drafts.get(a, it), DRAFT, OWN),
    "drafts.open": Row(MEMBERS, lambda s, a, it: s.drafts.open(a, it), PERSONA, OWN),
    "drafts.publish": Row(MEMBERS, lambda s, a, it: s.drafts.publish(a, it), DRAFT, OWN),
    "drafts.rebase": Row(MEMBERS, lambda s, a, it: s.drafts.rebase(a, it), EDITED_DRAFT, OWN),
    "drafts.save": Row(MEMBERS, lambda s, a, it: s.drafts.save(a, it, {"voice": "Dry."}), DRAFT, OWN),
    "getting_started.steps": Row(MEMBERS, lambda s, a, it: s.getting_started.steps(a)),
    "keys.cards": Row(MEMBERS, lambda s, a, it: s.keys.cards(a)),
    "keys.cards of the house": Row(ADMINS, lambda s, a, it: s.keys.cards(a, house=True)),
    "keys.judge": Row(MEMBERS, lambda s, a, it: s.keys.judge(a, it, "working", "said"), OWN_KEY, QUIET),
    "keys.judge of the house": Row(
        MEMBERS,
        lambda s, a, it: s.keys.judge(a, it, "working", "said"),
        HOUSE_KEY,
        {**dict.fromkeys(WHO, ".  .  .  ."), "admin": "o  o  .  ."},
    ),
    "keys.kept": Row(MEMBERS, lambda s, a, it: s.keys.kept(a, "openai"), prepare=_own_key),
    "keys.kept of the house": Row(ADMINS, lambda s, a, it: s.keys.kept(a, "openai", house=True), prepare=_house_key),
    "keys.pause": Row(MEMBERS, lambda s, a, it: s.keys.pause(a, "openai", paused=True), prepare=_own_key),
    "keys.pause of the house": Row(
        ADMINS, lambda s, a, it: s.keys.pause(a, "openai", paused=True, house=True), prepare=_house_key
    ),
    "keys.remove": Row(MEMBERS, lambda s, a, it: s.keys.remove(a, "openai"), prepare=_own_key),
    "keys.remove of the house": Row(
        ADMINS, lambda s, a, it: s.keys.remove(a, "openai", house=True), prepare=_house_key
    ),
    "keys.save": Row(MEMBERS, lambda s, a, it: s.keys.save(a, "openai", "sk-new-00000000")),
    "keys.save of the house": Row(ADMINS, lambda s, a, it: s.keys.save(a, "openai", "sk-new-00000000", house=True)),
    "keys.wallet": Row(MEMBERS, lambda s, a, it: s.keys.wallet(a)),
    "model_catalogue.refresh": Row(MEMBERS, lambda s, a, it: s.model_catalogue.refresh(a)),
    "model_catalogue.test_key": Row(
        MEMBERS, lambda s, a, it: s.model_catalogue.test_key(a, "openai"), prepare=_own_key
    ),
    "model_catalogue.test_key of the house": Row(
        ADMINS, lambda s, a, it: s.model_catalogue.test_key(a, "openai", house=True), prepare=_house_key
    ),
    "models.available": Row(MEMBERS, lambda s, a, it: s.models.available(a, "openai")),
    "models.choices": Row(MEMBERS, lambda s, a, it: s.models.choices(a)),
    "models.favourites": Row(MEMBERS, lambda s, a, it: s.models.favourites(a)),
    "models.preferred": Row(MEMBERS, lambda s, a, it: s.models.preferred(a)),
    "models.rows": Row(MEMBERS, lambda s, a, it: s.models.rows(a)),
    "models.set_favourites": Row(MEMBERS, lambda s, a, it: s.models.set_favourites(a, ["openai:gpt-4.1"])),
    "models.set_preferred": Row(MEMBERS, lambda s, a, it: s.models.set_preferred(a, "fast")),
    "people.acting_as": Row(ADMINS, lambda s, a, it: s.people.acting_as(a, it), ADDRESS, ANY),
    "people.add": Row(
        ADMINS,
        lambda s, a, it: s.people.add(a, email=it),
        prepare=lambda house, who: f"{_new_name(house, who)}@example.org",
        dummy="should-not-be-there@example.org",
    ),
    "people.all": Row(ADMINS, lambda s, a, it: s.people.all(a)),
    "people.by_email": Row(ADMINS, lambda s, a, it: s.people.by_email(a, it), ADDRESS, ANY),
    "people.disable": Row(ADMINS, lambda s, a, it: s.people.disable(a, it), PERSON, ANY, fresh=True),
    "people.enable": Row(ADMINS, lambda s, a, it: s.people.enable(a, it), PERSON, ANY),
    "people.one": Row(ADMINS, lambda s, a, it: s.people.one(a, it), PERSON, ANY),
    "people.remove_second_factor": Row(
        ADMINS, lambda s, a, it: s.people.remove_second_factor(a, it), GUARDED_PERSON, ANY, fresh=True
    ),
    "people.search": Row(ADMINS, lambda s, a, it: s.people.search(a, "example")),
    "people.set_department": Row(ADMINS, lambda s, a, it: s.people.set_department(a, it, None), PERSON, ANY),
    "people.set_role": Row(ADMINS, lambda s, a, it: s.people.set_role(a, it, Role.USER), PERSON, ANY, fresh=True),
    "people.sign_out_everywhere": Row(ADMINS, lambda s, a, it: s.people.sign_out_everywhere(a, it), PERSON, ANY),
    "people.verify": Row(ADMINS, lambda s, a, it: s.people.verify(a, it), ADDRESS, ANY),
    "people.verify_by_hand": Row(ADMINS, lambda s, a, it: s.people.verify_by_hand(a, it), PERSON, ANY),
    "personas.add_editor": Row(
        MEMBERS, lambda s, a, it: s.personas.add_editor(a, it, handle_of(s, KEEPER)), SHARED_PERSONA, OWN
    ),
    "personas.cards": Row(MEMBERS, lambda s, a, it: s.personas.cards(a, [it]), PERSONA, QUIET),
    "personas.catalogue": Row(MEMBERS, lambda s, a, it: s.personas.catalogue(a)),
    "personas.delete": Row(MEMBERS, lambda s, a, it: s.personas.delete(a, it), PERSONA, OWN),
    "personas.editors": Row(MEMBERS, lambda s, a, it: s.personas.editors(a, it), SHARED_PERSONA, OWN),
    "personas.get": Row(MEMBERS, lambda s, a, it: s.personas.get(a, it), PERSONA, OWN),
    "personas.names": Row(MEMBERS, lambda s, a, it: s.personas.names(a, [it]), PERSONA, QUIET),
    "personas.read": Row(MEMBERS, lambda s, a, it: s.personas.read(a, it), PERSONA, OWN),
    "personas.remove_editor": Row(
        MEMBERS, lambda s, a, it: s.personas.remove_editor(a, it, handle_of(s, KEEPER)), SHARED_PERSONA, OWN
    ),
    "personas.restore": Row(MEMBERS, lambda s, a, it: s.personas.restore(a, it), DELETED_PERSONA, OWN),
    "personas.view": Row(MEMBERS, lambda s, a, it: s.personas.view(a, it), PERSONA, OWN),
    "personas_used.of": Row(MEMBERS, lambda s, a, it: s.personas_used.of(a, ["general"])),
    "pictures.display": Row(MEMBERS, lambda s, a, it: s.pictures.display(a, it), PICTURE, OWN),
    "pictures.keep": Row(MEMBERS, lambda s, a, it: s.pictures.keep(a, it), prepare=_some_picture, dummy=b""),
    "pictures.original": Row(MEMBERS, lambda s, a, it: s.pictures.original(a, it), PICTURE, OWN),
    "pictures.save": Row(MEMBERS, lambda s, a, it: s.pictures.save(a, it), prepare=_some_picture, dummy=b""),
    "preview.cost_estimate": Row(MEMBERS, lambda s, a, it: s.preview.cost_estimate(a, SPEC, "Who?")),
    "preview.route": Row(MEMBERS, lambda s, a, it: s.preview.route(a, SPEC)),
    "preview.run": Row(MEMBERS, lambda s, a, it: s.preview.run(a, it), DRAFT, QUIET),
    "preview.sections": Row(MEMBERS, lambda s, a, it: s.preview.sections(a, SPEC)),
    "preview.speak": Row(
        MEMBERS, lambda s, a, it: list(s.preview.speak(a, it, "Who?").follow()), DRAFT, OWN, fresh=True
    ),
    "preview.turn_costs": Row(MEMBERS, lambda s, a, it: s.preview.turn_costs(a, SPEC, "Who?")),
    "preview.turn_tokens": Row(MEMBERS, lambda s, a, it: s.preview.turn_tokens(a, SPEC, "Who?")),
    "privacy.delete_account": Row(MEMBERS, lambda s, a, it: s.privacy.delete_account(a, PASSWORD), fresh=True),
    "privacy.delete_person": Row(ADMINS, lambda s, a, it: s.privacy.delete_person(a, it), PERSON, ANY, fresh=True),
    "privacy.export": Row(MEMBERS, lambda s, a, it: s.privacy.export(a)),
    "rehearsal.after_publishing": Row(MEMBERS, lambda s, a, it: s.rehearsal.after_publishing(a, it), PERSONA, OWN),
    "rehearsal.answers": Row(MEMBERS, lambda s, a, it: s.rehearsal.answers(a, it, 1, LOCAL), PERSONA, OWN),
    "rehearsal.estimate": Row(MEMBERS, lambda s, a, it: s.rehearsal.estimate(a, it, WISH), PERSONA, OWN),
    "rehearsal.go_on": Row(MEMBERS, lambda s, a, it: s.rehearsal.go_on(a, it), STOPPED, OWN, fresh=True),
    "rehearsal.left": Row(MEMBERS, lambda s, a, it: s.rehearsal.left(a, it), STOPPED, OWN, fresh=True),
    "rehearsal.matrix": Row(MEMBERS, lambda s, a, it: s.rehearsal.matrix(a, it), PERSONA, OWN),
    "rehearsal.progress": Row(MEMBERS, lambda s, a, it: s.rehearsal.progress(a, it), PERSONA, OWN),
    "rehearsal.run": Row(MEMBERS, lambda s, a, it: s.rehearsal.run(a, it), PERSONA, OWN),
    "rehearsal.start": Row(MEMBERS, lambda s, a, it: s.rehearsal.start(a, it, WISH), PERSONA, OWN, fresh=True),
    "rehearsal.stop": Row(MEMBERS, lambda s, a, it: s.rehearsal.stop(a, it), PERSONA, OWN),
    "reports.report": Row(ADMINS, lambda s, a, it: s.reports.report(a)),
    "reports.export": Row(ADMINS, lambda s, a, it: s.reports.export(a, Report((), [], Line({}, {}, Sums())), "csv")),
    "dashboard.period": Row(ADMINS, lambda s, a, it: s.dashboard.period(a, View())),
    "dashboard.choices": Row(ADMINS, lambda s, a, it: s.dashboard.choices(a, View())),
    "dashboard.headline": Row(ADMINS, lambda s, a, it: s.dashboard.headline(a, View())),
    "dashboard.by_day": Row(ADMINS, lambda s, a, it: s.dashboard.by_day(a, View())),
    "dashboard.by_hour": Row(ADMINS, lambda s, a, it: s.dashboard.by_hour(a, View())),
    "dashboard.outlook": Row(ADMINS, lambda s, a, it: s.dashboard.outlook(a)),
    "dashboard.top": Row(ADMINS, lambda s, a, it: s.dashboard.top(a, View(), "persona")),
    "dashboard.breakdown": Row(ADMINS, lambda s, a, it: s.dashboard.breakdown(a, View(), "surface")),
    "dashboard.pace": Row(ADMINS, lambda s, a, it: s.dashboard.pace(a, View())),
    "dashboard.first_words": Row(ADMINS, lambda s, a, it: s.dashboard.first_words(a, View())),
    "people_usage.people": Row(ADMINS, lambda s, a, it: s.people_usage.people(a, View())),
    "calls.count": Row(ADMINS, lambda s, a, it: s.calls.count(a, View())),
    "calls.page": Row(ADMINS, lambda s, a, it: s.calls.page(a, View())),
    "calls.export": Row(ADMINS, lambda s, a, it: s.calls.export(a, View())),
    "on_screen.export": Row(ADMINS, lambda s, a, it: s.on_screen.export(a, View(), "json")),
    "what_if.models": Row(ADMINS, lambda s, a, it: s.what_if.models(a, View())),
    "what_if.reprice": Row(ADMINS, lambda s, a, it: s.what_if.reprice(a, View(), [])),
    "invoices.providers": Row(ADMINS, lambda s, a, it: s.invoices.providers(a, *DAYS)),
    "invoices.check": Row(ADMINS, lambda s, a, it: s.invoices.check(a, "openai", *DAYS, Decimal(1))),
    "prices.unknown": Row(ADMINS, lambda s, a, it: s.prices.unknown(a, View())),
    "prices.of": Row(ADMINS, lambda s, a, it: s.prices.of(a, "openai", "gpt-0")),
    "prices.set": Row(ADMINS, lambda s, a, it: s.prices.set(a, "openai", "gpt-0", PRICE)),
    "prices.withdraw": Row(
        ADMINS,
        lambda s, a, it: s.prices.withdraw(a, "openai", it),
        prepare=lambda house, who: house.studio.prices.set(Actor.operator(), "openai", "gpt-00", PRICE).model,
        dummy="gpt-000",
    ),
    "my_usage.mine": Row(MEMBERS, lambda s, a, it: s.my_usage.mine(a)),
    "metrics.text": Row(ADMINS, lambda s, a, it: s.metrics.text(a)),
    "routing.effects": Row(ADMINS, lambda s, a, it: s.routing.effects(a, load_tables().model_dump(mode="json"))),
    "routing.explain": Row(ADMINS, lambda s, a, it: s.routing.explain(a, it, surface="cli"), PERSON, ANY),
    "routing.modes": Row(MEMBERS, lambda s, a, it: s.routing.modes(a)),
    "routing.out_of_date": Row(ADMINS, lambda s, a, it: s.routing.out_of_date(a)),
    "routing.save": Row(
        ADMINS,
        lambda s, a, it: s.routing.save(a, it),
        prepare=lambda house, who: load_tables().model_dump(mode="json"),
        dummy={},
    ),
    "routing.serving": Row(ADMINS, lambda s, a, it: s.routing.serving(a)),
    "routing.surfaces": Row(MEMBERS, lambda s, a, it: s.routing.surfaces(a)),
    "routing.tables": Row(ADMINS, lambda s, a, it: s.routing.tables(a)),
    "scene_threads.to_scene": Row(MEMBERS, lambda s, a, it: s.scene_threads.to_scene(a, it), THREAD, OWN),
    "scene_threads.to_thread": Row(MEMBERS, lambda s, a, it: s.scene_threads.to_thread(a, it), SCENE, OWN),
    "scene_threads.to_thread of a shared one": Row(
        MEMBERS, lambda s, a, it: s.scene_threads.to_thread(a, it), SHARED_SCENE, OWN
    ),
    "scenes.begin": Row(MEMBERS, lambda s, a, it: s.scenes.begin(a, "improv")),
    "scenes.cast": Row(MEMBERS, lambda s, a, it: s.scenes.cast(a, it, "writer"), SCENE, OWN),
    "scenes.change": Row(MEMBERS, lambda s, a, it: s.scenes.change(a, it, {"title": "Changed"}), SCENE, OWN),
    "scenes.change of a shared one": Row(
        MEMBERS, lambda s, a, it: s.scenes.change(a, it, {"title": "Changed"}), SHARED_SCENE, OWN
    ),
    "scenes.change_part": Row(
        MEMBERS, lambda s, a, it: s.scenes.change_part(a, it, "writer", {"mute": True}), SCENE, OWN
    ),
    "scenes.create": Row(MEMBERS, lambda s, a, it: s.scenes.create(a, {"cast": [{"persona": it}]}), PERSONA, OWN),
    "scenes.delete": Row(MEMBERS, lambda s, a, it: s.scenes.delete(a, it), SCENE, OWN),
    "scenes.delete of a shared one": Row(MEMBERS, lambda s, a, it: s.scenes.delete(a, it), SHARED_SCENE, OWN),
    "scenes.dismiss": Row(MEMBERS, lambda s, a, it: s.scenes.dismiss(a, it, "writer"), SCENE, OWN),
    "scenes.export": Row(MEMBERS, lambda s, a, it: s.scenes.export(a, it, "json"), SCENE, OWN),
    "scenes.export of a shared one": Row(MEMBERS, lambda s, a, it: s.scenes.export(a, it, "html"), SHARED_SCENE, ANY),
    "scenes.fork": Row(MEMBERS, lambda s, a, it: s.scenes.fork(a, it), SCENE, OWN),
    "scenes.get": Row(MEMBERS, lambda s, a, it: s.scenes.get(a, it), SCENE, OWN),
    "scenes.get of a shared one": Row(MEMBERS, lambda s, a, it: s.scenes.get(a, it), SHARED_SCENE, ANY),
    "scenes.page": Row(MEMBERS, lambda s, a, it: s.scenes.page(a, "words")),
    "scenes.restore": Row(MEMBERS, lambda s, a, it: s.scenes.restore(a, it), DELETED_SCENE, OWN),
    "scenes.share": Row(MEMBERS, lambda s, a, it: s.scenes.share(a, it, shared=True), SCENE, OWN),
    "scenes.shared": Row(MEMBERS, lambda s, a, it: s.scenes.shared(a)),
    "scenes.templates": Row(MEMBERS, lambda s, a, it: s.scenes.templates(a)),
    "theatre.call_on": Row(MEMBERS, lambda s, a, it: s.theatre.call_on(a, it, "writer"), SCENE, OWN),
    "theatre.estimate": Row(MEMBERS, lambda s, a, it: s.theatre.estimate(a, it), SCENE, OWN),
    "theatre.follow": Row(MEMBERS, lambda s, a, it: s.theatre.follow(a, it), SCENE, OWN),
    "theatre.pause": Row(MEMBERS, lambda s, a, it: s.theatre.pause(a, it), SCENE, OWN),
    "theatre.play": Row(MEMBERS, lambda s, a, it: s.theatre.play(a, it), SCENE, OWN, fresh=True),
    "theatre.play a shared one": Row(MEMBERS, lambda s, a, it: s.theatre.play(a, it), SHARED_SCENE, OWN, fresh=True),
    "theatre.play_more": Row(MEMBERS, lambda s, a, it: s.theatre.play_more(a, it), SCENE, OWN, fresh=True),
    "theatre.say": Row(MEMBERS, lambda s, a, it: s.theatre.say(a, it, "Well?"), SCENE, OWN, fresh=True),
    "theatre.step": Row(MEMBERS, lambda s, a, it: s.theatre.step(a, it), SCENE, OWN, fresh=True),
    "theatre.stop": Row(MEMBERS, lambda s, a, it: s.theatre.stop(a, it), SCENE, OWN),
    "theatre.watch": Row(MEMBERS, lambda s, a, it: s.theatre.watch(a, it), SCENE, OWN),
    "theatre.watch a shared one": Row(MEMBERS, lambda s, a, it: s.theatre.watch(a, it), SHARED_SCENE, ANY),
    "threads.delete": Row(MEMBERS, lambda s, a, it: s.threads.delete(a, it), THREAD, OWN),
    "threads.export": Row(MEMBERS, lambda s, a, it: s.threads.export(a, it, "json"), THREAD, OWN),
    "threads.get": Row(MEMBERS, lambda s, a, it: s.threads.get(a, it), THREAD, OWN),
    "threads.message": Row(MEMBERS, lambda s, a, it: s.threads.message(a, it), ANSWER, OWN),
    "threads.messages": Row(MEMBERS, lambda s, a, it: s.threads.messages(a, it), THREAD, OWN),
    "threads.page": Row(MEMBERS, lambda s, a, it: s.threads.page(a, "words")),
    "threads.rate": Row(MEMBERS, lambda s, a, it: s.threads.rate(a, it, 1), ANSWER, OWN),
    "threads.rename": Row(MEMBERS, lambda s, a, it: s.threads.rename(a, it, "Renamed"), THREAD, OWN),
    "threads.restore": Row(MEMBERS, lambda s, a, it: s.threads.restore(a, it), DELETED_THREAD, OWN),
    "usage.allowance": Row(MEMBERS, lambda s, a, it: s.usage.allowance(a)),
    "usage.daily": Row(ADMINS, lambda s, a, it: s.usage.daily(a)),
    "usage.events": Row(ADMINS, lambda s, a, it: s.usage.events(a)),
    "usage.verify": Row(ADMINS, lambda s, a, it: s.usage.verify(a)),
    "versions.all": Row(MEMBERS, lambda s, a, it: s.versions.all(a, it), REVISED, OWN),
    "versions.diff": Row(MEMBERS, lambda s, a, it: s.versions.diff(a, it, 1, 2), REVISED, OWN),
    "versions.restore": Row(MEMBERS, lambda s, a, it: s.versions.restore(a, it, 1), REVISED, OWN),
    "versions.spec": Row(MEMBERS, lambda s, a, it: s.versions.spec(a, it, 2), REVISED, OWN),
    "writing.dismiss": Row(MEMBERS, lambda s, a, it: s.writing.dismiss(a, it, "review"), DRAFT, QUIET),
    "writing.draft_from_sentence": Row(
        MEMBERS,
        lambda s, a, it: list(s.writing.draft_from_sentence(a, it, "A guide.").follow()),
        DRAFT,
        OWN,
        fresh=True,
    ),
    "writing.improve": Row(
        MEMBERS, lambda s, a, it: list(s.writing.improve(a, it, "voice").follow()), DRAFT, OWN, fresh=True
    ),
    "writing.quote": Row(MEMBERS, lambda s, a, it: s.writing.quote(a, it, "review"), DRAFT, OWN),
    "writing.review": Row(MEMBERS, lambda s, a, it: list(s.writing.review(a, it).follow()), DRAFT, OWN, fresh=True),
    "writing.run": Row(MEMBERS, lambda s, a, it: s.writing.run(a, it, "review"), DRAFT, QUIET),
}
