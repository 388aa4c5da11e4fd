"""What the operator decides, from the environment or `.env`. Read once, when the studio is opened."""

import os
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from email_validator import EmailNotValidError, validate_email
from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import ConfigError


def _provider_variables() -> dict[str, SecretStr]:
    """Keys and addresses of providers. Which names count is said by the providers' own registry rows."""
    merged = {**dotenv_values(".env"), **os.environ}
    return {
        name: SecretStr(value) for name, value in merged.items() if value and name.endswith(("_API_KEY", "_BASE_URL"))
    }


SHORTEST_TOKEN = 16
SMTP_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


def _domain(name: str) -> str:
    """A domain in the spelling of stored addresses."""
    try:
        return validate_email(f"a@{name}", check_deliverability=False, globally_deliverable=False).domain.lower()
    except EmailNotValidError:
        raise ValueError("names a domain that cannot be one") from None


class Settings(BaseSettings):
    """All settings with their defaults; the alias of each is the name of its environment variable."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True)

    data_dir: Path = Field(default=Path("data"), validation_alias="STUDIO_DATA_DIR")
    database_url: SecretStr = Field(default=SecretStr(""), validation_alias="DATABASE_URL")
    master_key: SecretStr = Field(default=SecretStr(""), validation_alias="STUDIO_MASTER_KEY")
    master_key_file: Path | None = Field(default=None, validation_alias="STUDIO_MASTER_KEY_FILE")
    local_model_path: Path | None = Field(default=None, validation_alias="STUDIO_LOCAL_MODEL_PATH")
    script_dir: Path | None = Field(default=None, validation_alias="STUDIO_SCRIPT_DIR")
    ai_features_enabled: bool = Field(default=True, validation_alias="AI_FEATURES_ENABLED")
    call_deadline_s: float = Field(default=120, gt=0, le=3600, validation_alias="STUDIO_CALL_DEADLINE_S")
    billing_timezone: str = Field(default="UTC", validation_alias="STUDIO_BILLING_TIMEZONE")
    public_url: str = Field(default="http://localhost:8501", validation_alias="STUDIO_PUBLIC_URL")
    retention_days: int | None = Field(default=None, ge=1, le=36_500, validation_alias="STUDIO_RETENTION_DAYS")
    signup: str = Field(default="open", validation_alias="STUDIO_SIGNUP")
    smtp_url: SecretStr = Field(default=SecretStr(""), validation_alias="SMTP_URL")
    mail_from: str = Field(default="", validation_alias="STUDIO_MAIL_FROM")
    trusted_proxies: str = Field(default="", validation_alias="STUDIO_TRUSTED_PROXIES")
    metrics_token: SecretStr = Field(default=SecretStr(""), validation_alias="STUDIO_METRICS_TOKEN")
    _provider_variables: dict[str, SecretStr] = PrivateAttr(default_factory=_provider_variables)

    @field_validator("billing_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("is not the name of a time zone, such as Europe/Madrid") from None
        return value

    @field_validator("signup")
    @classmethod
    def _known_policy(cls, value: str) -> str:
        kind, _, names = value.strip().partition(":")
        domains = [name.strip().lstrip("@") for name in names.split(",") if name.strip()]
        if kind in ("open", "invite") and not names:
            return kind
        if kind != "domains" or not domains:
            raise ValueError("is open, invite, or domains: and a list such as domains:example.org,example.com")
        return f"domains:{','.join(_domain(name) for name in domains)}"

    @field_validator("smtp_url")
    @classmethod
    def _known_server(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        try:
            good = parts.scheme in SMTP_PORTS and parts.hostname and parts.port != 0 and parts.path in ("", "/")
        except ValueError:
            good = False
        if value.get_secret_value() and not good:
            kinds = ", ".join(f"{scheme}://" for scheme in SMTP_PORTS)
            raise ValueError(f"is no address of a mail server: one of {kinds} and then user:password@host:port")
        return value

    @field_validator("mail_from")
    @classmethod
    def _an_address(cls, value: str) -> str:
        try:
            if value:
                validate_email(parseaddr(value)[1], check_deliverability=False, globally_deliverable=False)
        except EmailNotValidError:
            raise ValueError("is no e-mail address, such as Studio <studio@example.org>") from None
        return value

    @field_validator("metrics_token")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(f"has fewer than {SHORTEST_TOKEN} characters")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for name in value.split(","):
            try:
                if name.strip():
                    ip_network(name.strip(), strict=False)
            except ValueError:
                raise ValueError("is a list of addresses or networks, such as 127.0.0.1,10.0.0.0/8") from None
        return value

    @property
    def signup_domains(self) -> tuple[str, ...]:
        """The domains whose people may join by themselves; empty when the policy is not about domains."""
        return tuple(self.signup.removeprefix("domains:").split(",")) if self.signup.startswith("domains:") else ()

    @property
    def trusted_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Where the proxies are whose word about a visitor's address counts."""
        names = (name.strip() for name in self.trusted_proxies.split(","))
        return tuple(ip_network(name, strict=False) for name in names if name)

    @property
    def sqlalchemy_url(self) -> str:
        """Where the database is: `DATABASE_URL`, or the SQLite file in the data folder."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir.absolute() / 'studio.db'}"

    def provider_variable(self, name: str) -> str:
        """The value of a provider's key or address variable; empty when it is not set."""
        value = self._provider_variables.get(name)
        return value.get_secret_value() if value else ""


def load_settings() -> Settings:
    """Read the environment. Raises ConfigError that names the variable and never its value."""
    try:
        return Settings()
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
        name, what = first["loc"][0], first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"The setting {name} cannot be used: {what}.", hint=f"Correct {name} or unset it.") from None
