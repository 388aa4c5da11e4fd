"""What `doctor` looks at. The first thing that is not sound is raised as the error that it would cause."""

from dataclasses import dataclass

from db.health import check_integrity, description
from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.master_keys import MasterKeys
from engine.accounts.rotation import census
from engine.errors import DatabaseError
from engine.providers import PROVIDERS
from engine.settings import Settings
from engine.studio import Studio, open_studio


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    what: str
    found: str


def examine(settings: Settings) -> list[Finding]:
    """Open the studio and report on it; no secret value appears. Raises ConfigError or DatabaseError."""
    studio = open_studio(settings)
    try:
        return [
            *_of_settings(settings),
            *_of_database(studio.database),
            _of_master_key(settings, studio.database),
            *_of_providers(studio),
            _of_ledger(studio),
        ]
    finally:
        studio.close()


def _of_settings(settings: Settings) -> list[Finding]:
    return [
        Finding("data folder", str(settings.data_dir.absolute())),
        Finding("AI features", "on" if settings.ai_features_enabled else "off (AI_FEATURES_ENABLED)"),
        Finding("call deadline", f"{settings.call_deadline_s:g} s"),
        Finding("billing time zone", settings.billing_timezone),
        Finding("who may join", settings.signup),
        Finding(
            "mail", "by the server in SMTP_URL" if settings.smtp_url.get_secret_value() else "in the log (no SMTP_URL)"
        ),
        Finding("trusted proxies", settings.trusted_proxies or "none"),
        Finding(
            "metrics", "for whoever has STUDIO_METRICS_TOKEN" if settings.metrics_token.get_secret_value() else "off"
        ),
    ]


def _of_database(database: Database) -> list[Finding]:
    check_integrity(database)
    return [Finding("database", f"{description(database)}, up to date and sound")]


def _of_master_key(settings: Settings, database: Database) -> Finding:
    keys = MasterKeys(settings)
    found = census(keys, database)
    state = f"{found.older} of {found.rows} sealed rows use an older one"
    if found.older or found.begun:
        state += "; `keys rotate` changes that"
    elif found.keys > 1:
        state += "; `keys retire` gives older ones up"
    if found.lost:
        state += f"; {found.lost} can be opened by no key that is here"
    return Finding("master key", f"{found.primary} in {keys.place}, {state}")


def _of_providers(studio: Studio) -> list[Finding]:
    operator = Actor.operator()
    findings = []
    for key, spec in PROVIDERS.items():
        if spec.free:
            continue
        found = "house key from the environment" if studio.models.available(operator, key) else "no key"
        findings.append(Finding(spec.label, found))
    return [*findings, Finding(PROVIDERS["local"].label, studio.adapters.local_state(ask=True))]


def _of_ledger(studio: Studio) -> Finding:
    gaps = studio.usage.verify(Actor.operator())
    if gaps:
        raise DatabaseError(f"The daily rollup differs from the ledger: {gaps[0]}.", hint="Restore a backup.")
    return Finding("ledger", "rollup equals ledger")
