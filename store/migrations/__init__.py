"""Alembic's scripts; they are part of the package, so that an installed wheel can upgrade a database."""
