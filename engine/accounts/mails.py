"""The texts of mails. They never repeat what a visitor typed: whoever asks for a mail need not own the mailbox."""

from dataclasses import dataclass

STUDIO = "Persona Studio"
_NOT_YOU = "If this was not you, you need not do anything."


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject and a plain text."""

    subject: str
    text: str


def verification(code: str, public_url: str) -> Letter:
    """The code that proves a mailbox."""
    return Letter(
        f"Your code for {STUDIO}",
        f"Your code is {code}\n\nEnter it within 30 minutes at {public_url}/verify where you signed up.\n"
        f"Nobody from the studio will ever ask you for it.\n\n{_NOT_YOU} Do not enter the code then.\n",
    )


def known_already(public_url: str) -> Letter:
    """The answer to a sign-up with an address that has its account."""
    return Letter(
        f"You have an account at {STUDIO}",
        f"Somebody signed up with your address, which has an account already.\n\nSign in at {public_url}\n"
        f"If you forgot the password, choose “Forgot password” there.\n\n{_NOT_YOU}\n",
    )


def new_password(link: str) -> Letter:
    """The link to a new password."""
    return Letter(
        f"A new password for {STUDIO}",
        f"Choose a new password here, within 30 minutes. The link works once:\n\n{link}\n\n"
        f"{_NOT_YOU} Your password stays as it is.\n",
    )
