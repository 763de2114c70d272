"""The web side: feeds, REST, health and metrics. `console.app` makes it, `console.server` serves it."""
