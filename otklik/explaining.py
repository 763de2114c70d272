"""What `explain` shows of a judgement: as text with tables, or as JSON."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from classifier import Classifier
from classifier.explain import Candidate, Explanation, Score
from classifier.region_topics import RegionTopics
from otklik.cues import said
from schemas.words import URGENCY

SHOWN = 10
"""Words in a table; the rest is one line, so that every column still sums to its total."""
FOUND_BY = {
    "text": "названо в тексте",
    "source": "так задано у источника или сказано в записи, на которую отвечают",
    "street": "по улице",
    "geotag": "по геометке",
    "operator": "так исправил оператор",
}
BASES = {
    "typed": "рядом сказано, что это: город, село, район",
    "plain": "это имя ничего другого не значит",
    "signed": "по предлогу или прописной букве",
    "agreed": "одноимённых мест несколько; на это указывает ещё что-то: другое место, источник или геометка",
    "population": "из одноимённых мест региона самое большое",
    "misspelt": "с опечаткой в одной букве",
    "parent": "названо в записи, на которую отвечают, или в поле адреса",
    "source": "в тексте места нет; так задано у источника",
    "geotag": "в тексте места нет; ближайшее поселение к геометке",
    "street": "в тексте места нет; улица из places.streets файла региона",
}
LANGUAGES = {"ba": "башкирский", "tt": "татарский", "kk": "казахский", "uk": "украинский"}
DOUBTS = {
    "language": "текст не на русском языке",
    "relevance": "неясно, о беде ли он",
    "group": "неясно, о чём он",
    "topic": "ясна только группа, тема почти наугад",
    "no_place": "место не названо",
    "place": "место неточно",
}


def as_json(found: Explanation, classifier: Classifier) -> dict[str, Any]:
    """For programs: every part of every score; probabilities and weights as they are."""
    tags, place = found.tags, found.tags.municipality
    topics = classifier.topics
    return {
        "text": found.whole,
        "topic": {
            "topic": tags.topic,
            "id": topics.id(tags.topic),
            "name": topics.name(tags.topic),
            "group": tags.group,
            "group_name": topics.group_name(tags.group),
            "probability": tags.topic_probability,
            "by": "correction" if found.corrected else "words" if found.added else "model",
            "words": list(found.added.words) if found.added else [],
        },
        "first": _candidate(found.first),
        "second": found.second and _candidate(found.second),
        "margin": found.margin and _score(found.margin),
        "relevance": {
            "probability": tags.relevance,
            "relevant": tags.relevant,
            "threshold": classifier.thresholds.relevant_from(tags.urgency),
            "by_definition": found.by_definition,
            **_score(found.relevance),
        },
        "municipality": place
        and {**place.model_dump(mode="json"), "words": found.whole[slice(*place.span)] if place.span else None},
        "place": {"settlement": tags.settlement, "basis": found.place.basis, "outside": found.outside},
        "urgency": {
            "urgency": tags.urgency,
            "rule": found.urgency.rule or None,
            "because": found.urgency.because,
            "words": list(found.urgency.words),
        },
        "language": tags.language,
        "needs_review": tags.needs_review,
        "review_because": list(found.doubts),
        "corrected": found.corrected,
        "model": tags.model,
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    return {
        "topic": one.topic,
        "name": one.name,
        "group": one.group,
        "probability": one.probability,
        **_score(one.score),
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "score": score.score,
        "bias": score.bias,
        "parts": [{"token": part.token, "weight": part.weight} for part in score.parts],
    }


def show(found: Explanation, classifier: Classifier, console: Console) -> None:
    """Print it for an operator. A line is never broken: the terminal does that, and a pipe needs none."""

    def say(name: str, value: str) -> None:
        console.print(Text(f"{f'{name}:' if name else '':<13}{value}"), soft_wrap=True)

    tags, topics = found.tags, classifier.topics
    say("Тема", f"{topics.name(tags.topic)}, {_number(tags.topic_probability)}")
    if topics.name(tags.topic) != tags.topic:
        say("", f"в ответах и событиях: {tags.topic}")
    say("Группа", f"{topics.group_name(tags.group)}, {_number(tags.group_probability)}")
    if found.corrected:
        say("", "так исправил оператор; ниже — что говорит сама модель")
    elif found.added:
        words = ", ".join(found.added.words)
        say("", f"ваша тема, по словам: {words}; ниже — что говорит сама модель")
    if found.second and found.margin:
        console.print(_topic_table(found, topics))
    yes = "о беде" if tags.relevant else "не о беде"
    if found.by_definition:
        say("Значимость", f"{yes}: обращения и звонки значимы всегда")
    else:
        limit = _number(classifier.thresholds.relevant_from(tags.urgency))
        say("Значимость", f"{yes}, {_number(tags.relevance)} (порог {limit})")
        console.print(_relevance_table(found.relevance))
    for line, text in enumerate(_place(found, classifier)):
        say("" if line else "Место", text)
    words = f": {', '.join(found.urgency.words)}" if found.urgency.words else ""
    say("Срочность", f"{URGENCY[tags.urgency]} — {found.urgency.because}{words}")
    if tags.language != "ru":
        say("Язык", LANGUAGES.get(tags.language, tags.language))
    reasons = ", ".join(DOUBTS[one] for one in found.doubts)
    say("К оператору", f"да: {reasons}" if tags.needs_review else "нет")
    say("Модель", tags.model)


def _number(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace(".", ",").replace("-", "−")


def _topic_table(found: Explanation, topics: RegionTopics) -> Table:
    first, second, margin = found.first, found.second, found.margin
    if second is None or margin is None:
        return Table()
    table = Table("слово")
    for one in (first, second):
        table.add_column(f"{topics.name(one.topic)}, {_number(one.probability)}", justify="right")
    table.add_column("разница", justify="right")
    table.add_column("доля", justify="right")
    sides = [{part.token: part.weight for part in one.score.parts} for one in (first, second)]
    rows: list[tuple[str, float, float]] = [
        (said(part.token), sides[0].get(part.token, 0.0), sides[1].get(part.token, 0.0)) for part in margin.parts
    ]
    rest = rows[SHOWN:]
    if rest:
        rows = [*rows[:SHOWN], (f"остальные ({len(rest)})", sum(r[1] for r in rest), sum(r[2] for r in rest))]
    rows.append(("без слов", first.score.bias, second.score.bias))
    # Of all that speaks for either: of the margin alone it would be any number where the two are nearly even.
    weight = sum(abs(part.weight) for part in margin.parts) + abs(margin.bias)

    def share(difference: float) -> str:
        return f"{difference / weight:.0%}".replace("-", "−") if weight else "—"

    for name, for_first, for_second in rows:
        difference = for_first - for_second
        table.add_row(name, _signed(for_first), _signed(for_second), _signed(difference), share(difference))
    table.add_section()
    table.add_row(
        "всего", _signed(first.score.score), _signed(second.score.score), _signed(margin.score), share(margin.score)
    )
    return table


def _relevance_table(score: Score) -> Table:
    table = Table("слово")
    table.add_column("за то, что это о беде", justify="right")
    for part in score.parts[:SHOWN]:
        table.add_row(said(part.token), _signed(part.weight))
    rest = score.parts[SHOWN:]
    if rest:
        table.add_row(f"остальные ({len(rest)})", _signed(sum(part.weight for part in rest)))
    table.add_row("без слов", _signed(score.bias))
    table.add_section()
    table.add_row("всего", _signed(score.score))
    return table


def _place(found: Explanation, classifier: Classifier) -> list[str]:
    place = found.tags.municipality
    outside = [f"названо место вне региона: {found.outside}"] if found.outside else []
    if place is None:
        return ["не названо", *outside]
    words = f": «{found.whole[slice(*place.span)]}»" if place.span else ""
    lines = [f"{place.name} ({place.oktmo}), {_number(place.probability)} — {FOUND_BY[place.found_by]}{words}"]
    if place.found_by != "operator" and found.place.basis:
        lines.append(BASES[found.place.basis])
    if place.others:
        names = classifier.resolver.table.municipalities
        lines.append("названы также: " + ", ".join(names[code].name for code in place.others))
    return lines + outside
