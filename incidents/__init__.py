"""Grouping, routing, deadlines, workflow."""
