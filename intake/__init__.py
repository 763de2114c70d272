"""The one door: whatever comes in, by whichever way, is masked, hashed and published here."""

from intake.draft import Draft
from intake.publish import Intake

__all__ = ["Draft", "Intake"]
