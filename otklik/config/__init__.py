"""The YAML file of a region: read, filled from the environment, checked as a whole."""

from otklik.config.load import Config, load
from otklik.config.problems import ConfigErrors, Problem

__all__ = ["Config", "ConfigErrors", "Problem", "load"]
