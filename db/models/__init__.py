"""The tables as typed classes."""

from db.models.base import NOBODY, Base
from db.models.house import HouseSetting
from db.models.metering import Admission, Counter, DailyUsage, UsageEvent
from db.models.people import AuthSession, OneTimeToken, Person, UserSettings
from db.models.personas import Persona, PersonaDraft, PersonaVersion

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
    "UsageEvent",
    "UserSettings",
]
