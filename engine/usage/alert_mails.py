"""Tells by mail that a budget has passed a threshold."""

from uuid import UUID

from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Role
from engine.mail import Mail
from engine.usage.alerts import Alert
from engine.usage.prices import NANO


class AlertMails:
    """Writes to whoever can do something about it: administrators, a department's leads, the person of an own cap."""

    def __init__(self, database: Database, mail: Mail, *, public_url: str) -> None:
        self._database = database
        self._mail = mail
        self._public_url = public_url.rstrip("/")

    def tell(self, alert: Alert) -> None:
        """Send one alert to each of them."""
        with self._database.read() as unit:
            name, receivers = _whose(unit, alert)
        used, cap = (f"${amount / NANO:,.2f}" for amount in (alert.used_nano, alert.cap_nano))
        subject = f"{name}: {alert.threshold}% of the month's budget is spent"
        text = f"{name}: {used} of {cap} spent in {alert.period}."
        if alert.threshold >= 100:
            text += "\nCalls that this budget pays for are refused until the next month or until it is raised."
        for address in receivers:
            self._mail.send(address, subject, f"{text}\n\n{self._public_url}\n")


def _whose(unit: Unit, alert: Alert) -> tuple[str, list[str]]:
    everybody = [person for person in unit.people.all() if person.disabled_at is None]
    admins = [person.email for person in everybody if person.role == Role.ADMIN]
    if alert.scope == "department":
        department = unit.departments.by_id(UUID(alert.scope_id))
        leads = [p.email for p in everybody if str(p.department_id) == alert.scope_id and p.role == Role.LEAD]
        return (department.name if department else "A department"), [*admins, *leads]
    if alert.scope == "person":
        return "Your own budget", [person.email for person in everybody if str(person.id) == alert.scope_id]
    return (f"Persona {alert.scope_id}" if alert.scope == "persona" else "The house"), admins
