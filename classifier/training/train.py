"""From the data folder to the file of the shipped model. Same data and date, same bytes."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from classifier.classify import Thresholds
from classifier.features import PREFIX_LETTERS
from classifier.model import Model
from classifier.training import relevance
from classifier.training.corrections import COPIES, corrected
from classifier.training.data import Row, data_digest, perm, telegram
from classifier.training.fit import SEED
from classifier.training.names import MIN_TEXTS
from classifier.training.net import Told, settings
from classifier.training.topics import train_topics
from classifier.training.vectors import MISSING, installed

Progress = Callable[[str], None]
"""Told of each stage in Russian, for an operator's terminal."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """`citizens` carry group and topic; `others` are channels' posts; `corrected` is what operators said. The latter
    add nothing to the vocabulary of topics: a token needs three texts of the data."""

    citizens: list[Row]
    others: list[Row]
    corrected: list[Row] = field(default_factory=list)


def corpus(folder: Path, corrections: Path | None = None, progress: Progress = lambda _: None) -> Corpus:
    """What a model is trained on, besides our own texts of relevance.

    Raises:
        DataError: a file is missing or has other columns.
    """
    citizens, others = perm(folder), telegram(folder)
    said: list[Row] = []
    if corrections is not None:
        group_of = {str(row.topic): str(row.group) for row in citizens}
        said = corrected(corrections, group_of, lambda line: progress(f"{corrections}: {line}"))
        progress(f"Исправлений учтено: {len(said)}")
    return Corpus(citizens, others, said)


def train(
    folder: Path,
    out: Path,
    progress: Progress = lambda _: None,
    *,
    created: date | None = None,
    corrections: Path | None = None,
    told: Told = lambda _: None,
) -> Model:
    """Train the shipped model and write it to `out`; the model as read back from there is returned.

    `told` hears the part done of the longest stage, the topics.
    `created` goes into the header (by default today): with the same data and date the file is the same byte by byte.
    `corrections` of operators count more than the data.

    Raises:
        DataError: a data file is missing or has other columns.
    """
    progress("Чтение и разбор текстов")
    data = corpus(folder, corrections, progress)
    labelled = [*data.citizens, *[row for row in data.corrected if row.topic] * COPIES]
    progress(f"Обучение тем: {len(labelled)} текстов")
    if not installed():
        progress(MISSING)
    topics = train_topics(labelled, told)
    progress("Обучение значимости")
    ours = relevance.corpus(data.citizens, data.others, corrected=data.corrected)
    model = Model(topics.net, relevance.fit(ours), topics.groups, topics.columns, topics.curve)
    progress("Запись модели")
    model.save(
        out,
        {
            "created": (created or date.today()).isoformat(),  # noqa: DTZ011  the operator's calendar day
            "data_sha256": data_digest(folder),
            "seed": SEED,
            "settings": {
                "prefix_letters": PREFIX_LETTERS,
                "min_texts": MIN_TEXTS,
                "net": settings(),
                "blend": {name: round(value, 4) for name, value in asdict(topics.blend).items()},
                "relevance": relevance.settings(),
            },
            "texts": {
                "citizens": len(data.citizens),
                "channels": len(data.others),
                "own": len(ours.examples) + len(ours.comments),
                "corrected": len(data.corrected),
            },
            "thresholds": asdict(Thresholds()),
        },
    )
    return Model.load(out)
