"""What the operator decides, from the environment or `.env`. Read once, when the studio is opened."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import ConfigError


def _provider_variables() -> dict[str, SecretStr]:
    """Keys and addresses of providers. Which names count is said by the providers' own registry rows."""
    merged = {**dotenv_values(".env"), **os.environ}
    return {
        name: SecretStr(value) for name, value in merged.items() if value and name.endswith(("_API_KEY", "_BASE_URL"))
    }


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
    _provider_variables: dict[str, SecretStr] = PrivateAttr(default_factory=_provider_variables)

    @field_validator("billing_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("is not the name of a time zone, such as Europe/Madrid") from None
        return value

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
