"""All tables: importing this module fills the metadata."""

from store.metadata import metadata

__all__ = ["metadata"]
