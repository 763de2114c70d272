"""Text in, tags out. No network, no database."""
