"""Municipalities and settlements out of text."""

from classifier.places.region import Region, UnknownRegion
from classifier.places.resolve import Place, Resolver
from classifier.places.table import MunicipalityInfo, PlacesError, Table, load

__all__ = [
    "MunicipalityInfo",
    "Place",
    "PlacesError",
    "Region",
    "Resolver",
    "Table",
    "UnknownRegion",
    "load",
]
