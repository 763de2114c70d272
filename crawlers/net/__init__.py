"""The HTTP stack that every crawler of web pages shares."""

from crawlers.net.errors import Failure, FetchError
from crawlers.net.http import Http, Response
from crawlers.net.problems import answered, problem_of, problem_of_status, retry_after
from crawlers.net.slots import LocalSlots, Slots

__all__ = [
    "Failure",
    "FetchError",
    "Http",
    "LocalSlots",
    "Response",
    "Slots",
    "answered",
    "problem_of",
    "problem_of_status",
    "retry_after",
]
