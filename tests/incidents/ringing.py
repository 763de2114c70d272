"""The process that the crash tests kill: one look at the deadlines.

python -m tests.incidents.ringing STORE_URL SECONDS_AFTER_START
"""

import sys
from datetime import timedelta

from incidents.alarms import AlarmStep
from store import Store
from tests.incidents.make import START
from tests.incidents.test_alarms import SETTINGS


def main() -> None:
    now = START + timedelta(seconds=float(sys.argv[2]))
    store = Store(sys.argv[1], lambda: now)
    AlarmStep(store, "chelyabinsk", SETTINGS, lambda: now).step()
    store.close()


if __name__ == "__main__":
    main()
