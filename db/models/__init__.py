"""The tables as typed classes."""

from db.models.audit import AuditEvent
from db.models.base import NOBODY, Base
from db.models.controls import Budget, BudgetAlert, Switch
from db.models.conversations import Thread, ThreadMessage
from db.models.house import HouseSetting
from db.models.keys import ProviderKey
from db.models.metering import Admission, Counter, DailyUsage, HourlyHouse, UsageEvent
from db.models.people import (
    AuthSession,
    Department,
    Identity,
    OneTimeToken,
    Person,
    SecondFactor,
    Throttle,
    UserSettings,
)
from db.models.personas import Persona, PersonaDraft, PersonaVersion
from db.models.runs import SavedRun

__all__ = [
    "NOBODY",
    "Admission",
    "AuditEvent",
    "AuthSession",
    "Base",
    "Budget",
    "BudgetAlert",
    "Counter",
    "DailyUsage",
    "Department",
    "HourlyHouse",
    "HouseSetting",
    "Identity",
    "OneTimeToken",
    "Person",
    "Persona",
    "PersonaDraft",
    "PersonaVersion",
    "ProviderKey",
    "SavedRun",
    "SecondFactor",
    "Switch",
    "Thread",
    "ThreadMessage",
    "Throttle",
    "UsageEvent",
    "UserSettings",
]
