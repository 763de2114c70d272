"""Resolvers of three regions, loaded once."""

import pytest

from classifier.places import Region, Resolver


@pytest.fixture(scope="session")
def chelyabinsk() -> Region:
    return Region.load("chelyabinsk")


@pytest.fixture(scope="session")
def resolver(chelyabinsk: Region) -> Resolver:
    return Resolver(chelyabinsk)


@pytest.fixture(scope="session")
def perm() -> Resolver:
    return Resolver(Region.load("Пермский край"))


@pytest.fixture(scope="session")
def sverdlovsk() -> Resolver:
    return Resolver(Region.load("Свердловская область"))


@pytest.fixture(scope="session")
def petersburg() -> Resolver:
    return Resolver(Region.load("Санкт-Петербург"))


@pytest.fixture(scope="session")
def russia() -> Resolver:
    return Resolver()
