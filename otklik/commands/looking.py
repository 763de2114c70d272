"""What commands that show incidents write into the audit before they do."""

import getpass
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from store import IncidentFilter, Store


def looked(store: "Store", who: str | None, action: str, object_: str, wanted: "IncidentFilter | None" = None) -> None:
    """Note it; what can't be noted isn't shown.

    Raises:
        incidents.refusals.Invalid: `who` names nobody.
        StoreError: the database does not take it.
    """
    from incidents.acts import person  # noqa: PLC0415
    from store import Audit  # noqa: PLC0415
    from text import mask  # noqa: PLC0415

    given = {name: value for name, value in asdict(wanted).items() if value} if wanted is not None else {}
    if wanted is not None and wanted.text:
        given["text"] = mask(wanted.text)
    if "overdue" in given:
        given["overdue"] = True
    details: dict[str, Any] = {"through": "cli"} | ({"filter": given} if given else {})
    with store.transaction() as conn:
        Audit(store).add(conn, person(who) if who is not None else _user(), action, object_, details)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a line for the user
        return f"uid {os.getuid()}"
