"""The one MetaData that every table of the store belongs to; migrations are compared with it."""

from sqlalchemy import MetaData

metadata = MetaData(
    # Named constraints can be altered on SQLite and PostgreSQL alike.
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
