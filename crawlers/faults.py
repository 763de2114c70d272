"""Errors of our own in the log."""

import traceback
from pathlib import Path


def where(error: BaseException) -> str:
    """File and line that raised `error`. Not its message: that may hold the text of a post."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{'/'.join(Path(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}" if frames else "?"
