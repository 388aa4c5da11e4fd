"""The table of facts and decisions that hold for the whole house."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Json


class HouseSetting(Base):
    """One named value."""

    __tablename__ = "house_settings"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(Json, nullable=False)
