"""The process that the crash tests kill: one decision at a desk.

python -m tests.incidents.deciding STORE_URL act|merge|undo SEQUENCE
"""

import sys

from incidents.acts import Act
from incidents.refusals import Refused
from incidents.workflow import Action
from store import Store
from tests.incidents.office import Office
from tests.store.kit import Clock


def main() -> int:
    url, what, sequence = sys.argv[1], sys.argv[2], int(sys.argv[3])
    store = Store(url, Clock())
    desk = Office(store).desk
    try:
        if what == "act":
            desk.act(1, Act(Action.ASSIGN, authority="roads"), "petrova", sequence)
        elif what == "merge":
            desk.merge(1, [2], "petrova", expected={1: sequence})
        else:
            desk.undo("petrova", 1)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 9
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
