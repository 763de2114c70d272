"""Grouping, routing, deadlines: from tagged posts to incidents that somebody answers for."""
