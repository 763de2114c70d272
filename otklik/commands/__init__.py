"""A module per command; each has `register(app)` and imports heavy things only when it runs."""
