"""Every error a user can meet, with what to tell them.

    StudioError
    ├── BadInput                 bad_input          2   a field or argument is not acceptable
    │   ├── EditConflict         conflict               another tab or person changed the same thing first
    │   └── CodeNeeded           code_needed            the password is right; the authenticator's code is missing
    ├── NotAllowed                                   3   the caller may not, or may not now
    │   ├── Forbidden            forbidden
    │   ├── TooManyTries         too_many_tries         a pause before the next try
    │   ├── AIDisabled           ai_disabled            the outer switch is off
    │   ├── AIOffForYou          ai_off_for_you         the person switched AI off for themselves
    │   ├── StoppedByAdmin       stopped                an administrator stopped it
    │   ├── SampleUsedUp         sample_used_up         the three lifetime samples are spent
    │   ├── LimitExceeded        limit                  a plan, budget or cap is spent
    │   ├── TierTooLow           tier                   the surface or model asks for more standing
    │   ├── PriceUnknown         price_unknown          a house-paid model without a price
    │   ├── InProgress           in_progress            the same request is being answered already
    │   └── AlreadyDone          already_done           the same request was answered before
    ├── ProviderError                                4   the provider did not answer as asked
    │   ├── KeyRejected          key_rejected
    │   ├── ModelNotFound        model_not_found
    │   ├── RateLimited          rate_limited
    │   ├── ProviderQuota        provider_quota
    │   ├── TooLong              too_long
    │   ├── Refused              refused
    │   ├── ProviderTimeout      timeout
    │   ├── Unreachable          unreachable
    │   ├── Overloaded           overloaded
    │   ├── StreamCut            stream_cut
    │   ├── Malformed            malformed
    │   ├── BadRequest           bad_request
    │   └── Stopped              interrupted            the answer was stopped while it was written
    ├── NotFound                 not_found          5   not there, or not yours: the two look the same
    ├── DatabaseError            database           6
    │   └── DatabaseBusy         database
    └── ConfigError              config             6

The number is the exit code of the command line. `message` says what happened, `hint` what to do about it.
"""

import math
from datetime import datetime


class StudioError(Exception):
    """Base of all errors that may be shown to a person as they are."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadInput(StudioError):
    """A value was refused. `field` names it as the person knows it."""

    code = "bad_input"
    exit_code = 2

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class EditConflict(BadInput):
    """The same field was changed elsewhere first. `theirs` is what it holds now."""

    code = "conflict"

    def __init__(self, message: str, *, field: str = "", theirs: object = None, hint: str = "") -> None:
        super().__init__(message, field=field, hint=hint)
        self.theirs = theirs


class CodeNeeded(BadInput):
    """The person has a second factor, whose code was not given yet."""

    code = "code_needed"


class NotAllowed(StudioError):
    """The request was understood and refused before any provider was called."""

    exit_code = 3


class Forbidden(NotAllowed):
    """The caller lacks the right."""

    code = "forbidden"


class TooManyTries(NotAllowed):
    """Something was tried too often. It can be tried again at `again_at`."""

    code = "too_many_tries"

    def __init__(self, message: str, *, again_at: datetime, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.again_at = again_at

    @classmethod
    def until(cls, again_at: datetime, now: datetime) -> "TooManyTries":
        """The refusal of a try before `again_at`."""
        minutes = max(1, math.ceil((again_at - now).total_seconds() / 60))
        pause = "a minute" if minutes == 1 else f"{minutes} minutes"
        return cls("That was tried too often.", again_at=again_at, hint=f"Try again in {pause}.")


class AIDisabled(NotAllowed):
    """The operator switched all AI off from outside (`AI_FEATURES_ENABLED=false`)."""

    code = "ai_disabled"


class AIOffForYou(NotAllowed):
    """The person has AI switched off in their own settings."""

    code = "ai_off_for_you"


class StoppedByAdmin(NotAllowed):
    """An administrator stopped what this call needs. `reason` is theirs; `until` None is until it is lifted."""

    code = "stopped"

    def __init__(self, message: str, *, reason: str, until: datetime | None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.until = until


class SampleUsedUp(NotAllowed):
    """An unverified person has used the three lifetime samples."""

    code = "sample_used_up"


class LimitExceeded(NotAllowed):
    """A meter is full. `limit` and `used` are in the meter's unit (requests, or nano-USD); `scope` says whose it is."""

    code = "limit"

    def __init__(
        self,
        message: str,
        *,
        meter: str,
        scope: str,
        limit: int,
        used: int,
        resets_at: datetime | None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.meter = meter
        self.scope = scope
        self.limit = limit
        self.used = used
        self.resets_at = resets_at


class TierTooLow(NotAllowed):
    """The surface or the model asks for a higher standing than the person has."""

    code = "tier"


class PriceUnknown(NotAllowed):
    """The house would pay for a model whose price nobody knows."""

    code = "price_unknown"


class InProgress(NotAllowed):
    """The same idempotency key is being answered right now."""

    code = "in_progress"


class AlreadyDone(NotAllowed):
    """The same idempotency key was answered before. `admission_id` finds its ledger row."""

    code = "already_done"

    def __init__(self, message: str, *, admission_id: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.admission_id = admission_id


class ProviderError(StudioError):
    """The provider failed. `charged`: whether the call may have cost money and keeps its unit.

    `elsewhere`: whether the same question may well be answered at another provider.
    """

    exit_code = 4
    charged = False
    elsewhere = False


class KeyRejected(ProviderError):
    """The provider does not accept the key."""

    code = "key_rejected"


class ModelNotFound(ProviderError):
    """The provider does not know the model, or no model is there at all."""

    code = "model_not_found"
    elsewhere = True


class RateLimited(ProviderError):
    """The provider asks to slow down. `retry_after` is in seconds, when it says so."""

    code = "rate_limited"
    elsewhere = True

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ProviderQuota(ProviderError):
    """The account behind the key has no credit left."""

    code = "provider_quota"
    elsewhere = True


class TooLong(ProviderError):
    """The prompt does not fit the model."""

    code = "too_long"


class Refused(ProviderError):
    """The model declined to answer; the provider bills for it."""

    code = "refused"
    charged = True


class ProviderTimeout(ProviderError):
    """Nothing came within the deadline, though the request was sent."""

    code = "timeout"
    charged = True


class Unreachable(ProviderError):
    """No connection was made, so nothing was sent."""

    code = "unreachable"
    elsewhere = True


class Overloaded(ProviderError):
    """The provider failed on its side before any byte."""

    code = "overloaded"
    elsewhere = True


class StreamCut(ProviderError):
    """The answer broke off before its end marker."""

    code = "stream_cut"
    charged = True


class Malformed(ProviderError):
    """The answer was not what the protocol says."""

    code = "malformed"
    charged = True


class BadRequest(ProviderError):
    """The provider refused the form of the request."""

    code = "bad_request"


class Stopped(ProviderError):
    """The answer was stopped while it was written: by the person, or by an administrator's stop."""

    code = "interrupted"
    exit_code = 3
    charged = True


class NotFound(StudioError):
    """Not there, or not yours."""

    code = "not_found"
    exit_code = 5


class DatabaseError(StudioError):
    """The database cannot be used."""

    code = "database"
    exit_code = 6


class DatabaseBusy(DatabaseError):
    """Another process holds the write lock for too long."""


class ConfigError(StudioError):
    """A setting or a file of the installation is wrong."""

    code = "config"
    exit_code = 6
