"""Troubles that everybody under one pipe, mast or chimney has at once, by the words that they are told in.

A topic is guessed anew for each post, and of five posts about one night's smog two are «засор в водоотведении» to the
model and one «качество воды». Whoever writes of smog says so: its words, then its topic, say which common trouble a
post tells of.
"""

import re
from functools import lru_cache

from text import lemmas

WORDS: dict[str, str] = {
    "air": "смог гарь дым дымка выброс воздух сероводород",
    "connection": "связь интернет сотовый",
    "flood": "паводок половодье наводнение талый подтоп*",
    "power": "свет электричество электроэнергия обесточ* электроснаб*",
    "heating": "отопление батарея котельная теплотрасса",
    "gas": "газоснабжение",
    "doctors": "терапевт педиатр талон регистратура",
}
"""Lemmas, without ё; with an asterisk, how they begin. Each tells its trouble alone: water is missing, ill, hot and in
the cellar, and what is yellow may be a traffic light."""

TOPICS: dict[str, tuple[str, ...]] = {
    "air": ("Выбросы вредных веществ в атмосферу/загрязнение воздуха",),
    "power": ("Качество электроснабжения", "Отсутствие электричества"),
    "heating": ("Ненадлежащее качество или отсутствие отопления",),
    "hot water": ("Отсутствие горячей воды",),
    "bad water": ("Плохое качество воды",),
    "gas": ("Восстановление газоснабжения",),
    "doctors": ("Технические проблемы с записью на прием к врачу",),
    "water": ("Низкая температура воды/слабое давление", "Отсутствие холодной воды"),
}
"""What a post tells of that has none of the words. Spellings of the taxonomy (a test holds them to it)."""

_WHOLE = {word: name for name, words in WORDS.items() for word in words.split() if not word.endswith("*")}
_BEGINNINGS = {word[:-1]: name for name, words in WORDS.items() for word in words.split() if word.endswith("*")}
_PHRASES = re.compile(
    r"\bв\s+связи\s+с|\bобратн\w+\s+связ\w+|\bна\s+связ[иь]\b|\bсвяз[ьи]\s+с\b|\bсвеж\w+\s+воздух\w*", re.IGNORECASE
)
"""«В связи с аварией», «жду обратной связи»: no trouble with telephones; nor is fresh air one with the air."""
_OF_TOPIC = {topic: name for name, topics in TOPICS.items() for topic in topics}


def common_trouble(text: str, topic: str) -> str | None:
    """Which of these a post tells of: the first that it names, else that of its topic."""
    named = (name for lemma in lemmas(_PHRASES.sub(" ", text)) if (name := _trouble(lemma)) is not None)
    return next(named, None) or _OF_TOPIC.get(topic)


@lru_cache(maxsize=65_536)  # as in incidents.things
def _trouble(lemma: str) -> str | None:
    return _WHOLE.get(lemma) or next((name for word, name in _BEGINNINGS.items() if lemma.startswith(word)), None)
