"""Who may join by themselves: everybody, nobody, or whoever has an address at one of the house's domains."""

from dataclasses import dataclass

from engine.errors import BadInput, Forbidden
from engine.settings import Settings


@dataclass(frozen=True, slots=True)
class SignUpPolicy:
    """`STUDIO_SIGNUP`. With `domains` empty the door is open or closed."""

    offered: bool
    domains: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> "SignUpPolicy":
        """The policy of a house."""
        return cls(offered=settings.signup != "invite", domains=settings.signup_domains)

    def demand(self, address: str) -> None:
        """Raise Forbidden or BadInput when somebody with this (clean) address may not join by themselves.

        Looks at the address alone, so that the answer says nothing about who is here.
        """
        if not self.offered:
            raise Forbidden(
                "One joins this studio by invitation.", hint="Ask an administrator to add you; then choose a password."
            )
        if self.domains and address.rpartition("@")[2] not in self.domains:
            named = ", ".join(self.domains)
            raise BadInput(f"This studio is for addresses at {named}.", field="E-mail", hint="Use one of those.")
