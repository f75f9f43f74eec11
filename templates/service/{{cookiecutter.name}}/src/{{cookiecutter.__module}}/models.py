"""The tables. After a change: `uv run alembic revision --autogenerate -m "what changed"`."""

from __future__ import annotations

from datetime import {% if cookiecutter.kind == "job" %}date, {% endif %}datetime

from sqlalchemy import {% if cookiecutter.kind == "web" %}BigInteger, {% endif %}DateTime, {% if cookiecutter.kind == "web" %}Identity, {% endif %}MetaData, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Names of keys and indexes follow a rule, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

{% if cookiecutter.kind == "web" %}
class Note(Base):
    """Something that somebody wrote down."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
{%- else %}
class Report(Base):
    """What the job found out about a day; one a day, however often it runs."""

    __tablename__ = "reports"

    day: Mapped[date] = mapped_column(primary_key=True)
    week: Mapped[int]
    day_of_year: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
{%- endif %}
