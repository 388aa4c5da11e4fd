"""The tables as typed classes."""

from db.models.base import NOBODY, Base
from db.models.house import HouseSetting
from db.models.keys import ProviderKey
from db.models.metering import Admission, Counter, DailyUsage, UsageEvent
from db.models.people import AuthSession, OneTimeToken, Person, UserSettings
from db.models.personas import Persona, PersonaDraft, PersonaVersion
from db.models.runs import SavedRun

__all__ = [
    "NOBODY",
    "Admission",
    "AuthSession",
    "Base",
    "Counter",
    "DailyUsage",
    "HouseSetting",
    "OneTimeToken",
    "Person",
    "Persona",
    "PersonaDraft",
    "PersonaVersion",
    "ProviderKey",
    "SavedRun",
    "UsageEvent",
    "UserSettings",
]
