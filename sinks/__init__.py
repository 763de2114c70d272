"""Incident events out; a module per kind of receiver."""
