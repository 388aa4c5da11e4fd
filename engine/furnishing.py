"""How the services of a house are put together, room by room. `open_studio` is the one that asks for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from db.session import Database
from engine.accounts.access import Access
from engine.accounts.account import Account
from engine.accounts.audit import AuditLog
from engine.accounts.departments import Departments
from engine.accounts.joining import Joining
from engine.accounts.keys import Keys
from engine.accounts.people import People
from engine.accounts.policy import SignUpPolicy
from engine.accounts.second_factor import SecondFactors
from engine.accounts.vault import Vault
from engine.authoring.comparison.compare import Compare
from engine.authoring.getting_started import GettingStarted
from engine.authoring.preview import Preview
from engine.authoring.rehearsal.check_sets import CheckSets
from engine.authoring.rehearsal.planning import Planner
from engine.authoring.rehearsal.rehearsal import Rehearsal
from engine.authoring.writing.writing import Writing
from engine.conversations.ask import Ask
from engine.conversations.assistant import Assistant
from engine.conversations.saved_runs import SavedRuns
from engine.conversations.threads import Threads
from engine.generation import Generation
from engine.llm.provider import Provider
from engine.mail import Mail
from engine.personas.builtins import Builtins
from engine.personas.card_service import Cards
from engine.personas.catalogue import Personas
from engine.personas.drafts import Drafts
from engine.personas.pictures import Pictures
from engine.personas.versions import Versions
from engine.privacy import Privacy, Retention
from engine.providers import Adapters
from engine.routing.model_catalogue import ModelCatalogue, ModelLists
from engine.routing.model_choices import ModelChoices
from engine.routing.model_facts import facts_of
from engine.routing.router import Router
from engine.routing.routing import Routing
from engine.routing.tables import TableBook, TableSource
from engine.runs import Runs
from engine.settings import Settings
from engine.theatre.backstage import Backstage
from engine.theatre.scenes import Scenes
from engine.theatre.stage import Theatre
from engine.theatre.threads import SceneThreads
from engine.usage.alert_mails import AlertMails
from engine.usage.allowances import Allowances
from engine.usage.calls import Calls
from engine.usage.controls import Controls
from engine.usage.corrections import Corrections
from engine.usage.dashboard import Dashboard
from engine.usage.guard import Guard
from engine.usage.heartbeat import Heartbeat
from engine.usage.invoice import Invoices
from engine.usage.ledger import Ledger
from engine.usage.metrics import Metrics
from engine.usage.my_usage import OwnUsage
from engine.usage.observed import Observed
from engine.usage.on_screen import OnScreen
from engine.usage.people_usage import PeopleUsage
from engine.usage.persona_usage import PersonasUsed
from engine.usage.price_list import PriceList, PricesInForce
from engine.usage.prices import PriceBook
from engine.usage.reports import Reports
from engine.usage.what_if import WhatIf

LEASE_S, BEAT_S = 60.0, 15.0
"""How long a call may be silent before it is taken for dead, and how often one that lives says so."""

Services = dict[str, Any]
"""Services by the names that `Studio` has for them."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What a model call runs through."""

    tables: TableSource
    keys: Keys
    lists: ModelLists
    router: Router
    prices: PriceBook
    in_force: PricesInForce
    observed: Observed
    heartbeat: Heartbeat
    adapters: Adapters
    generation: Generation


def _line(
    settings: Settings,
    database: Database,
    keys: Keys,
    mail: Mail,
    providers: Mapping[str, Provider],
    clock: Callable[[], datetime],
) -> _Line:
    adapters, tables, in_force = Adapters(settings, providers), TableBook(database), PricesInForce(database)
    observed = Observed(database, clock=clock)
    prices = PriceBook(set_by_admins=in_force.now, measure=observed.tokens)
    lists, zone = ModelLists(adapters), ZoneInfo(settings.billing_timezone)
    alerts = AlertMails(database, mail, public_url=settings.public_url)
    guard = Guard(database, clock=clock, billing_zone=zone, lease_s=LEASE_S, on_alert=alerts.tell)
    heartbeat = Heartbeat(guard, database, beat_s=BEAT_S)
    router = Router(tables, keys, lists, database, keyless_provider=_keyless(settings), measure=observed.tokens)
    generation = Generation(
        router,
        guard,
        prices,
        adapters,
        heartbeat,
        ai_enabled=settings.ai_features_enabled,
        deadline_s=settings.call_deadline_s,
        measure=observed.tokens,
    )
    return _Line(tables, keys, lists, router, prices, in_force, observed, heartbeat, adapters, generation)


def _keyless(settings: Settings) -> str:
    """The provider that answers while there is no key."""
    return "scripted" if settings.script_dir else "local"


@dataclass(frozen=True, slots=True)
class _House:
    """What the rooms share."""

    settings: Settings
    database: Database
    line: _Line
    runs: Runs
    personas: Personas
    drafts: Drafts
    clock: Callable[[], datetime]
    zone: ZoneInfo

    @property
    def reading(self) -> dict[str, Any]:
        """What whoever sums by billing days is made with."""
        return {"clock": self.clock, "billing_zone": self.zone}


def furnished(
    settings: Settings,
    database: Database,
    vault: Vault,
    providers: Mapping[str, Provider],
    clock: Callable[[], datetime],
) -> Services:
    """The services of a house whose database is ready."""
    keys, mail = Keys(database, settings, vault, clock=clock), Mail(settings)
    house = _House(
        settings=settings,
        database=database,
        line=_line(settings, database, keys, mail, providers, clock),
        runs=Runs(deadline_s=settings.call_deadline_s),
        personas=Personas(database, clock=clock),
        drafts=Drafts(database, clock=clock),
        clock=clock,
        zone=ZoneInfo(settings.billing_timezone),
    )
    return {
        "settings": settings,
        "database": database,
        "runs": house.runs,
        "mail": mail,
        **_people(house, vault, mail),
        **_writing(house),
        **_routing(house),
        **_talking(house),
        **_trying(house),
        **_metering(house),
    }


def _people(house: _House, vault: Vault, mail: Mail) -> Services:
    """Who people are, what they may, and what is theirs."""
    database, clock, url = house.database, house.clock, house.settings.public_url
    factors, policy = SecondFactors(vault), SignUpPolicy.of(house.settings)
    return {
        "access": Access(database, factors, policy, clock=clock, public_url=url),
        "joining": Joining(database, mail, factors, policy, clock=clock, public_url=url),
        "account": Account(database, factors, clock=clock),
        "people": People(database, clock=clock),
        "departments": Departments(database, clock=clock),
        "audit": AuditLog(database, clock=clock),
        "keys": house.line.keys,
        "privacy": Privacy(database, clock=clock),
        "retention": Retention(database, clock=clock, days=house.settings.retention_days),
        "getting_started": GettingStarted(database, house.line.keys),
    }


def _writing(house: _House) -> Services:
    """Personas, and what helps to write them."""
    database, clock, line, drafts = house.database, house.clock, house.line, house.drafts
    previews = SavedRuns(database, house.runs, clock=clock)
    return {
        "personas": house.personas,
        "builtins": Builtins(database, clock=clock),
        "drafts": drafts,
        "pictures": Pictures(database, clock=clock),
        "cards": Cards(database, drafts, clock=clock),
        "preview": Preview(line.generation, drafts, line.router, line.prices, line.tables, previews),
        "writing": Writing(line.generation, drafts, line.router, line.prices, house.runs),
    }


def _routing(house: _House) -> Services:
    """Which model answers, and what there is to choose from."""
    line, database, keyless = house.line, house.database, _keyless(house.settings)
    return {
        "models": ModelChoices(
            line.tables, line.keys, line.lists, line.prices, database, line.observed, keyless_provider=keyless
        ),
        "routing": Routing(database, line.tables, line.router, clock=house.clock),
        "model_catalogue": ModelCatalogue(line.keys, line.adapters, line.lists),
        "model_lists": line.lists,
        "generation": line.generation,
        "adapters": line.adapters,
    }


def _talking(house: _House) -> Services:
    """Asking personas, and putting them on stage."""
    database, line, personas, runs, clock = house.database, house.line, house.personas, house.runs, house.clock
    back = Backstage(database, line.generation, line.router, personas, runs, clock, house.settings.call_deadline_s)
    return {
        "conversations": Ask(line.generation, personas, line.tables),
        "threads": Threads(database, clock=clock),
        "assistant": Assistant(
            database,
            line.generation,
            line.router,
            personas,
            line.tables,
            runs,
            prices=line.prices,
            clock=clock,
        ),
        "scenes": Scenes(database, personas, clock=clock),
        "scene_threads": SceneThreads(database, personas, clock=clock),
        "theatre": Theatre(back, line.prices),
    }


def _trying(house: _House) -> Services:
    """Trying a persona on models, and what came of it by version."""
    database, line, clock = house.database, house.line, house.clock
    planner = Planner(database, line.router, line.prices, line.tables)
    time: dict[str, Any] = {"clock": clock, "deadline_s": house.settings.call_deadline_s}
    return {
        "versions": Versions(database, clock=clock),
        "checks": CheckSets(database, clock=clock),
        "rehearsal": Rehearsal(database, line.generation, planner, house.runs, **time),
        "compare": Compare(
            database, line.generation, house.drafts, line.router, line.prices, line.tables, house.runs, **time
        ),
    }


def _metering(house: _House) -> Services:
    """What was used and by whom, and what holds it back."""
    database, line, clock, reading = house.database, house.line, house.clock, house.reading
    dashboard, people = Dashboard(database, **reading), PeopleUsage(database, **reading)
    allowances = Allowances(database, **reading)
    switch = house.settings.ai_features_enabled
    return {
        "usage": Ledger(database, **reading),
        "personas_used": PersonasUsed(database, **reading),
        "reports": Reports(database),
        "allowances": allowances,
        "dashboard": dashboard,
        "people_usage": people,
        "calls": Calls(database, **reading),
        "on_screen": OnScreen(dashboard, people),
        "what_if": WhatIf(database, line.prices, _context_of, **reading),
        "invoices": Invoices(database, **reading),
        "prices": PriceList(database, line.prices, line.in_force, **reading),
        "my_usage": OwnUsage(database, **reading),
        "metrics": Metrics(database, allowances, clock=clock),
        "controls": Controls(database, clock=clock, ai_enabled=switch, on_cut=line.heartbeat.beat),
        "corrections": Corrections(database, clock=clock),
    }


def _context_of(provider: str, model: str) -> int | None:
    return facts_of(provider, model).context
