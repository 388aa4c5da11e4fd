"""What repositories share."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.failures import is_taken
from db.models.base import Base


class Repository:
    """Queries of one subject inside one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _added(self, *rows: Base) -> bool:
        """Insert rows together; False, and none of them, when a unique value is taken."""
        try:
            with self._session.begin_nested():
                self._session.add_all(rows)
        except IntegrityError as problem:
            if is_taken(problem):
                return False
            raise
        return True
