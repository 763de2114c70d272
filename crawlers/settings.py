"""What the settings and the cursor of every kind of source have in common.

Apart from the rest, like each kind's own `settings` module: the file of a region is read in a moment, and what visits
sources takes seconds to load.
"""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Settings of one source as the operator wrote them: unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cursor(BaseModel):
    """Where a source was left; kept in the store as JSON. Unknown fields of an older version are ignored."""

    model_config = ConfigDict(extra="ignore")
