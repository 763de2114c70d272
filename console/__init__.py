"""The web side: feeds, REST, health and metrics."""
