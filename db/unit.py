"""A transaction and its repositories."""

from functools import cached_property

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from db.repositories.access import Identities, SecondFactors, Sessions, Throttles, Tokens
from db.repositories.attachments import Attachments
from db.repositories.audit import Audit
from db.repositories.catalogue import Catalogue
from db.repositories.comparisons import Comparisons
from db.repositories.controls import Controls
from db.repositories.conversations import Conversations
from db.repositories.departments import Departments
from db.repositories.history import History
from db.repositories.house import House
from db.repositories.keys import Keys
from db.repositories.ledger import Ledger
from db.repositories.metering import Metering
from db.repositories.people import People
from db.repositories.personas import Drafts, Personas
from db.repositories.policy import Policy
from db.repositories.prices import Prices
from db.repositories.privacy import PersonalData
from db.repositories.rehearsals import Rehearsals
from db.repositories.runs import SavedRuns
from db.repositories.sealed import Sealed
from db.repositories.theatre import Scenes
from db.repositories.usage import UsageSums
from db.repositories.versions import Versions


class Unit:
    """One transaction and its repositories.

    What is on the path of every call speaks to `connection` directly; the rest uses the mapper, whose session
    is made when it is first wanted.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @cached_property
    def session(self) -> Session:
        """The mapper's session inside this transaction; rows stay readable after it."""
        return Session(bind=self.connection, expire_on_commit=False)

    @cached_property
    def people(self) -> People:
        """Persons and their settings."""
        return People(self.session)

    @cached_property
    def sessions(self) -> Sessions:
        """Signed-in browsers."""
        return Sessions(self.session)

    @cached_property
    def tokens(self) -> Tokens:
        """One-time tokens."""
        return Tokens(self.session)

    @cached_property
    def identities(self) -> Identities:
        """Who people are at OpenID providers."""
        return Identities(self.session)

    @cached_property
    def second_factors(self) -> SecondFactors:
        """The sealed secrets of authenticator apps."""
        return SecondFactors(self.session)

    @cached_property
    def throttles(self) -> Throttles:
        """How often something was tried."""
        return Throttles(self.connection)

    @cached_property
    def departments(self) -> Departments:
        """Departments."""
        return Departments(self.session)

    @cached_property
    def audit(self) -> Audit:
        """What was done that matters to security."""
        return Audit(self.session)

    @cached_property
    def personas(self) -> Personas:
        """Personas and their versions."""
        return Personas(self.session)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Personas as they are listed and found."""
        return Catalogue(self.session)

    @cached_property
    def conversations(self) -> Conversations:
        """Threads and messages."""
        return Conversations(self.session)

    @cached_property
    def scenes(self) -> Scenes:
        """Scenes and their turns."""
        return Scenes(self.session)

    @cached_property
    def attachments(self) -> Attachments:
        """Pictures of personas, and the card data of other apps."""
        return Attachments(self.session)

    @cached_property
    def drafts(self) -> Drafts:
        """Drafts of personas."""
        return Drafts(self.session)

    @cached_property
    def versions(self) -> Versions:
        """Published versions, and what came of them."""
        return Versions(self.session)

    @cached_property
    def rehearsals(self) -> Rehearsals:
        """Checks of personas, and what came of them."""
        return Rehearsals(self.session)

    @cached_property
    def comparisons(self) -> Comparisons:
        """Questions put to several models or versions."""
        return Comparisons(self.session)

    @cached_property
    def keys(self) -> Keys:
        """Provider keys, sealed."""
        return Keys(self.connection)

    @cached_property
    def sealed(self) -> Sealed:
        """Sealed texts of every kind."""
        return Sealed(self.connection)

    @cached_property
    def personal_data(self) -> PersonalData:
        """What is one person's, whichever table it is in."""
        return PersonalData(self.session)

    @cached_property
    def runs(self) -> SavedRuns:
        """Answers being written."""
        return SavedRuns(self.connection)

    @cached_property
    def house(self) -> House:
        """Settings of the house."""
        return House(self.connection)

    @cached_property
    def metering(self) -> Metering:
        """Admissions, counters and the ledger, for writing."""
        return Metering(self.connection)

    @cached_property
    def policy(self) -> Policy:
        """What decides about a call."""
        return Policy(self.connection)

    @cached_property
    def controls(self) -> Controls:
        """Budgets, alerts and switches, for administrators."""
        return Controls(self.session)

    @cached_property
    def ledger(self) -> Ledger:
        """The same, for reading."""
        return Ledger(self.session)

    @cached_property
    def usage(self) -> UsageSums:
        """Sums of the ledger, and its lines by what they are about."""
        return UsageSums(self.session)

    @cached_property
    def history(self) -> History:
        """Calls of the past, many at once."""
        return History(self.connection)

    @cached_property
    def prices(self) -> Prices:
        """Prices that administrators set."""
        return Prices(self.session)

    def flush(self) -> None:
        """Send what the mapper still holds back."""
        if "session" in self.__dict__:
            self.session.flush()

    def release(self) -> None:
        """Let go of the mapper's rows; they stay readable."""
        if "session" in self.__dict__:
            self.session.close()
