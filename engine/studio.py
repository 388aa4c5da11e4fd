"""The studio: all services by name, and the one way to open them."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from db.session import Database
from engine.accounts.access import Access
from engine.accounts.account import Account
from engine.accounts.audit import AuditLog
from engine.accounts.departments import Departments
from engine.accounts.joining import Joining
from engine.accounts.keys import Keys
from engine.accounts.people import People
from engine.accounts.vault import check_canary, load_vault
from engine.authoring.comparison.compare import Compare
from engine.authoring.getting_started import GettingStarted
from engine.authoring.preview import Preview
from engine.authoring.rehearsal.check_sets import CheckSets
from engine.authoring.rehearsal.rehearsal import Rehearsal
from engine.authoring.writing.writing import Writing
from engine.conversations.ask import Ask
from engine.conversations.assistant import Assistant
from engine.conversations.threads import Threads
from engine.furnishing import furnished
from engine.generation import Generation
from engine.llm.provider import Provider
from engine.mail import Mail
from engine.opening import open_database
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
from engine.routing.routing import Routing
from engine.runs import Runs
from engine.settings import Settings
from engine.theatre.scenes import Scenes
from engine.theatre.stage import Theatre
from engine.theatre.threads import SceneThreads
from engine.usage.allowances import Allowances
from engine.usage.calls import Calls
from engine.usage.controls import Controls
from engine.usage.corrections import Corrections
from engine.usage.dashboard import Dashboard
from engine.usage.invoice import Invoices
from engine.usage.ledger import Ledger
from engine.usage.metrics import Metrics
from engine.usage.my_usage import OwnUsage
from engine.usage.on_screen import OnScreen
from engine.usage.people_usage import PeopleUsage
from engine.usage.persona_usage import PersonasUsed
from engine.usage.price_list import PriceList
from engine.usage.reports import Reports
from engine.usage.what_if import WhatIf


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
        return Studio(**furnished(settings, database, vault, providers or {}, clock))
    except Exception:
        database.close()
        raise
