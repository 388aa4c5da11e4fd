"""The studio: all services by name, and the one place where they are put together."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from db.migrate import migrate, state
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
from engine.accounts.vault import Vault, check_canary, load_vault
from engine.authoring.check_sets import CheckSets
from engine.authoring.compare import Compare
from engine.authoring.getting_started import GettingStarted
from engine.authoring.planning import Planner
from engine.authoring.preview import Preview
from engine.authoring.rehearsal import Rehearsal
from engine.authoring.writing import Writing
from engine.conversations.ask import Ask
from engine.conversations.assistant import Assistant
from engine.conversations.saved_runs import SavedRuns
from engine.conversations.threads import Threads
from engine.errors import ConfigError, DatabaseBusy, DatabaseError
from engine.generation import Generation
from engine.llm.provider import Provider
from engine.mail import Mail
from engine.personas.builtins import Builtins
from engine.personas.card_service import Cards
from engine.personas.catalogue import Personas
from engine.personas.drafts import Drafts
from engine.personas.pictures import Pictures
from engine.personas.seed import seed
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


def utc_now() -> datetime:
    """The clock of the house."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Studio:
    """Everything a page or a command may ask for. Safe to share between threads; close it once."""

    settings: Settings
    database: Database
    access: Access
    joining: Joining
    account: Account
    people: People
    departments: Departments
    audit: AuditLog
    keys: Keys
    personas: Personas
    builtins: Builtins
    drafts: Drafts
    pictures: Pictures
    cards: Cards
    versions: Versions
    models: ModelChoices
    routing: Routing
    model_catalogue: ModelCatalogue
    model_lists: ModelLists
    generation: Generation
    conversations: Ask
    threads: Threads
    assistant: Assistant
    scenes: Scenes
    scene_threads: SceneThreads
    theatre: Theatre
    preview: Preview
    compare: Compare
    checks: CheckSets
    rehearsal: Rehearsal
    writing: Writing
    usage: Ledger
    personas_used: PersonasUsed
    reports: Reports
    dashboard: Dashboard
    people_usage: PeopleUsage
    calls: Calls
    on_screen: OnScreen
    what_if: WhatIf
    invoices: Invoices
    prices: PriceList
    my_usage: OwnUsage
    metrics: Metrics
    allowances: Allowances
    controls: Controls
    corrections: Corrections
    privacy: Privacy
    retention: Retention
    getting_started: GettingStarted
    adapters: Adapters
    runs: Runs
    mail: Mail

    def close(self) -> None:
        """Stop and save what is being written, end the embedded model, close the database."""
        self.retention.close()
        self.runs.close()
        self.adapters.close()
        self.mail.close()
        self.database.close()

    def warm_up(self) -> None:
        """Load in the background what the first real call would otherwise wait for, and keep the house tidy."""
        self.model_lists.go_live()
        self.retention.go_live()
        threading.Thread(target=self.adapters.warm_up, name="warm-up", daemon=True).start()


def open_studio(
    settings: Settings,
    *,
    providers: Mapping[str, Provider] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Studio:
    """Open the database and put the services together; `providers` replace adapters by key.

    Raises ConfigError or DatabaseError with one sentence when the data folder or the database cannot be used.
    """
    database = open_database(settings)
    try:
        vault = load_vault(settings)
        check_canary(vault, database)
        seed(database, clock())
        Retention(database, clock=clock, days=settings.retention_days).sweep()
        return _furnished(settings, database, vault, providers or {}, clock)
    except Exception:
        database.close()
        raise


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


def _furnished(
    settings: Settings,
    database: Database,
    vault: Vault,
    providers: Mapping[str, Provider],
    clock: Callable[[], datetime],
) -> Studio:
    """The services of a house whose database is ready."""
    keys, mail = Keys(database, settings, vault, clock=clock), Mail(settings)
    line = _line(settings, database, keys, mail, providers, clock)
    factors, policy, url = SecondFactors(vault), SignUpPolicy.of(settings), settings.public_url
    personas, drafts = Personas(database, clock=clock), Drafts(database, clock=clock)
    zone, runs = ZoneInfo(settings.billing_timezone), Runs(deadline_s=settings.call_deadline_s)
    previews = SavedRuns(database, runs, clock=clock)
    return Studio(
        settings=settings,
        database=database,
        access=Access(database, factors, policy, clock=clock, public_url=url),
        joining=Joining(database, mail, factors, policy, clock=clock, public_url=url),
        account=Account(database, factors, clock=clock),
        people=People(database, clock=clock),
        departments=Departments(database, clock=clock),
        audit=AuditLog(database, clock=clock),
        keys=keys,
        personas=personas,
        builtins=Builtins(database, clock=clock),
        drafts=drafts,
        pictures=Pictures(database, clock=clock),
        cards=Cards(database, drafts, clock=clock),
        models=ModelChoices(
            line.tables,
            keys,
            line.lists,
            line.prices,
            database,
            line.observed,
            keyless_provider=_keyless(settings),
        ),
        routing=Routing(database, line.tables, line.router, clock=clock),
        model_catalogue=ModelCatalogue(keys, line.adapters, line.lists),
        model_lists=line.lists,
        generation=line.generation,
        conversations=Ask(line.generation, personas, line.tables),
        threads=Threads(database, clock=clock),
        assistant=Assistant(
            database,
            line.generation,
            line.router,
            personas,
            line.tables,
            runs,
            clock=clock,
            measure=line.observed.tokens,
        ),
        scenes=Scenes(database, personas, clock=clock),
        scene_threads=SceneThreads(database, personas, clock=clock),
        theatre=_theatre(settings, database, line, personas, runs, clock),
        preview=Preview(line.generation, drafts, line.router, line.prices, line.tables, previews),
        writing=Writing(line.generation, drafts, line.router, line.prices, runs),
        personas_used=PersonasUsed(database, clock=clock, billing_zone=zone),
        usage=Ledger(database, clock=clock, billing_zone=zone),
        **_reading(database, line, clock, zone),
        **_trying(settings, database, line, drafts, runs, clock),
        controls=Controls(database, clock=clock, ai_enabled=settings.ai_features_enabled, on_cut=line.heartbeat.beat),
        corrections=Corrections(database, clock=clock),
        privacy=Privacy(database, clock=clock),
        retention=Retention(database, clock=clock, days=settings.retention_days),
        getting_started=GettingStarted(database, keys),
        adapters=line.adapters,
        runs=runs,
        mail=mail,
    )


def _trying(
    settings: Settings,
    database: Database,
    line: _Line,
    drafts: Drafts,
    runs: Runs,
    clock: Callable[[], datetime],
) -> dict[str, Any]:
    """The services that try a persona on models, and keep what came of it by version."""
    planner = Planner(database, line.router, line.prices, line.tables)
    time: dict[str, Any] = {"clock": clock, "deadline_s": settings.call_deadline_s}
    return {
        "versions": Versions(database, clock=clock),
        "checks": CheckSets(database, clock=clock),
        "rehearsal": Rehearsal(database, line.generation, planner, runs, **time),
        "compare": Compare(database, line.generation, drafts, line.router, line.prices, line.tables, runs, **time),
    }


def _reading(database: Database, line: _Line, clock: Callable[[], datetime], zone: ZoneInfo) -> dict[str, Any]:
    """The services that tell what was used, and by whom."""
    dashboard = Dashboard(database, clock=clock, billing_zone=zone)
    people = PeopleUsage(database, clock=clock, billing_zone=zone)
    allowances = Allowances(database, clock=clock, billing_zone=zone)
    return {
        "reports": Reports(database),
        "allowances": allowances,
        "dashboard": dashboard,
        "people_usage": people,
        "calls": Calls(database, clock=clock, billing_zone=zone),
        "on_screen": OnScreen(dashboard, people),
        "what_if": WhatIf(database, line.prices, _context_of, clock=clock, billing_zone=zone),
        "invoices": Invoices(database, clock=clock, billing_zone=zone),
        "prices": PriceList(database, line.prices, line.in_force, clock=clock, billing_zone=zone),
        "my_usage": OwnUsage(database, clock=clock, billing_zone=zone),
        "metrics": Metrics(database, allowances, clock=clock),
    }


def _context_of(provider: str, model: str) -> int | None:
    return facts_of(provider, model).context


def _theatre(
    settings: Settings,
    database: Database,
    line: _Line,
    personas: Personas,
    runs: Runs,
    clock: Callable[[], datetime],
) -> Theatre:
    deadline_s = settings.call_deadline_s
    back = Backstage(database, line.generation, line.router, personas, runs, clock, deadline_s)
    return Theatre(back, line.prices)


def open_database(settings: Settings) -> Database:
    """The database, migrated when it is SQLite. Raises ConfigError or DatabaseError."""
    database = connect(settings)
    try:
        _bring_up_to_date(database)
    except Exception:
        database.close()
        raise
    return database


def connect(settings: Settings) -> Database:
    """The database as it is, in a data folder that can be written. Raises ConfigError or DatabaseError."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise ConfigError(
            f"The data folder {folder} cannot be made: {problem.strerror}.",
            hint="Give this user the right to write there, or set STUDIO_DATA_DIR to another folder.",
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(
            f"The data folder {folder} cannot be written.",
            hint="Give this user the right to write there, or set STUDIO_DATA_DIR to another folder.",
        )
    return Database(settings.sqlalchemy_url, failed=DatabaseError, busy=DatabaseBusy)


def _bring_up_to_date(database: Database) -> None:
    found = state(database)
    if found == "newer":
        raise DatabaseError(
            "The database was written by a newer version of the studio.", hint="Update the studio, or restore a backup."
        )
    if found != "current" and database.dialect == "sqlite":
        migrate(database)
    elif found != "current":
        raise DatabaseError(
            "The PostgreSQL database is not at the version that the studio needs.",
            hint="Run `python -m engine migrate`.",
        )
