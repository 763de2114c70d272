"""The process that the crash tests kill: one request to forget.

python -m tests.incidents.forgetting STORE_URL POST
"""

import sys

from incidents.forget import Request, forget
from store import Store
from tests.store.kit import Clock

if __name__ == "__main__":
    store = Store(sys.argv[1], Clock())
    print(forget(store, "chelyabinsk", Request("post", sys.argv[2], "petrova"), store.now))
    store.close()
