"""Engine, migrations, tables and small repositories over SQLite and PostgreSQL."""
