"""The command line, the YAML file and the supervisor of Otklik."""

__version__ = "0.1.0"
