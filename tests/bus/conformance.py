"""What every bus has to do. Each check is a plain function over a `Bench`, so that it can also be called on a bus
that is broken on purpose, where it must fail (`test_broken.py`)."""

from collections.abc import Callable

from tests.bus.checks import groups, records
from tests.bus.kit import Bench

CHECKS: dict[str, Callable[[Bench], None]] = {
    name.removeprefix("check_"): value
    for module in (records, groups)
    for name, value in vars(module).items()
    if name.startswith("check_")
}
