"""The tables as typed classes."""

from db.models.attachments import Attachment, AttachmentUse
from db.models.audit import AuditEvent
from db.models.authoring import (
    Comparison,
    ComparisonAnswer,
    PersonaCheck,
    Rehearsal,
    RehearsalCell,
    RehearsalRate,
)
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
from db.models.personas import Persona, PersonaDraft, PersonaEditor, PersonaVersion
from db.models.prices import ModelPrice
from db.models.runs import SavedRun
from db.models.theatre import Scene, SceneTurn

__all__ = [
    "NOBODY",
    "Admission",
    "Attachment",
    "AttachmentUse",
    "AuditEvent",
    "AuthSession",
    "Base",
    "Budget",
    "BudgetAlert",
    "Comparison",
    "ComparisonAnswer",
    "Counter",
    "DailyUsage",
    "Department",
    "HourlyHouse",
    "HouseSetting",
    "Identity",
    "ModelPrice",
    "OneTimeToken",
    "Person",
    "Persona",
    "PersonaCheck",
    "PersonaDraft",
    "PersonaEditor",
    "PersonaVersion",
    "ProviderKey",
    "Rehearsal",
    "RehearsalCell",
    "RehearsalRate",
    "SavedRun",
    "Scene",
    "SceneTurn",
    "SecondFactor",
    "Switch",
    "Thread",
    "ThreadMessage",
    "Throttle",
    "UsageEvent",
    "UserSettings",
]
