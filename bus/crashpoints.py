"""Named places where a test can kill the process, to see that nothing is lost and nothing counted twice.

In production each is one dictionary look-up. A process with OTKLIK_CRASH_AT=name (or name:N for the Nth time) in its
environment sends itself SIGKILL there: no handler runs, no buffer is flushed, as in a power cut of that process.
"""

import os
import signal
from collections import Counter

NAMES = {
    "worker.before_effect": "a batch was polled and written to the journal; its step has not run",
    "worker.after_effect_before_commit": "the step's effect is stored, the offsets are not committed",
    "worker.after_dead_letter_before_commit": "a record is in the dead letters, its offset is not committed",
    "crawl.after_ack_before_cursor": "the bus has acknowledged the posts, the source's cursor is not saved",
    "crawl.after_cursor": "the source's cursor is saved, its next page is not asked for",
    "deliver.after_send_before_commit": "the receiver has taken the events, the offsets are not committed",
    "deliver.after_digest_before_mark": "the receiver has taken a digest of sources, which is not noted in the store",
    "deliver.after_scheduled_before_commit": "a receiver has taken a batch on schedule, the offsets are not committed",
    "alarms.after_outbox_before_commit": "what a deadline calls for is marked and written, nothing is committed",
    "alarms.after_commit": "it is committed; the worker has told nobody yet",
    "desk.after_effect_before_outbox": "incidents are changed by hand, the events not written, nothing committed",
    "desk.after_outbox_before_commit": "incidents, history and outbox are written, nothing is committed",
    "desk.after_commit": "a change by hand is committed; whoever asked for it has not been told",
    "forget.after_erasure_before_outbox": "posts are erased on request, no event is written, nothing is committed",
    "forget.after_outbox_before_commit": "posts, outbox and audit are written, nothing is committed",
    "forget.after_commit": "posts are erased; whoever asked for it has not been told",
    "relay.after_send_before_mark": "the bus has the events, the outbox rows are not marked as sent",
}
VARIABLE = "OTKLIK_CRASH_AT"

_reached: Counter[str] = Counter()


def reach(name: str) -> None:
    """Die here if the environment asks for it.

    Raises:
        KeyError: the name is not in `NAMES`.
    """
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    NAMES[name]
    _reached[name] += 1
    place, _, time = wanted.partition(":")
    if place == name and _reached[name] == int(time or 1):
        os.kill(os.getpid(), signal.SIGKILL)
