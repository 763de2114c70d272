"""Text in, tags out: relevance, topic, place, urgency. No network, no database."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from classifier.classify import Classifier, Thresholds
from classifier.item import Item, item_of
from classifier.model import Model
from classifier.modelfile import ModelError

__all__ = ["Classifier", "Item", "Model", "ModelError", "Thresholds", "item_of", "train"]


def train(data_dir: Path, out: Path, progress: Callable[[str], None] = lambda _: None, **options: Any) -> Model:
    """Train the shipped model from the files in `data_dir` and write it to `out`; see `classifier.training.train`.

    scikit-learn is loaded only here: prediction does not need it.

    Raises:
        classifier.training.data.DataError: a data file is missing or has other columns.
    """
    module = import_module("classifier.training.train")
    model: Model = module.train(data_dir, out, progress, **options)
    return model
