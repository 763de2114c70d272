"""How soon somebody must act: rules over topic and words.

`now`   danger to life or limb, or a loss that grows by the hour: an open manhole, a fallen wire, a smell of gas, a
        burst pipe, a building or a tree about to fall, an ambulance that does not come, biting dogs, people in danger.
`soon`  no heat, water, light, gas or lift; ice on roads and roofs; no medicine; a broken traffic light; whatever the
        text says is about children, invalids or a hospital without the above.
`normal` everything else.

A rule looks at lemmas, so inflection and ё do not matter. Words decide before topics: the topic is a guess, the words
are there. A word rule wants all of its parts in one text; a part is a set of lemmas of which one must be there. What is
already over («воду дали») is not urgent, but that is relevance's business: such a post makes no incident at all.
"""

from collections.abc import Iterable, Set

from schemas import Urgency

_Rule = tuple[Set[str], ...]


def _rule(*parts: str) -> _Rule:
    return tuple(frozenset(part.split()) for part in parts)


_NOW_WORDS: tuple[_Rule, ...] = (
    _rule("люк колодец яма провал", "открытый незакрытый провалиться крышка упасть открыть"),
    _rule("провод кабель лэп", "упасть оборвать оборванный висеть лежать искрить порвать обрыв"),
    _rule("искрить замыкание пожар гореть загореться", "проводка щиток подстанция провод столб трансформатор щит"),
    _rule("пахнуть запах утечка вонять", "газ"),
    _rule(
        "прорвать порыв прорыв прорваться хлестать лопнуть фонтан", "труба вода теплотрасса водопровод кипяток водовод"
    ),
    _rule("обрушиться рухнуть обвалиться обрушение обвал рушиться", "крыша стена балкон потолок дом мост кровля плита"),
    _rule(
        "упасть падать рухнуть наклониться",
        "дерево столб опора глыба сосулька тополь",
        "дорога провод машина человек ребенок дом площадка голова",
    ),
    _rule("скорая скорый", "ждать приехать ехать отказать отказаться дождаться вызвать", "час нет не"),
    _rule("собака стая пес", "напасть покусать укусить кусать нападать бросаться кидаться"),
    _rule("ребенок школьник девочка мальчик", "провалиться ударить ток травма утонуть застрять"),
    _rule("угроза угрожать опасность", "жизнь обрушение обвал"),
    _rule("умирать погибать замерзать", "человек ребенок бабушка старик дед мы"),
    _rule("паводок наводнение", "дом затопить вода отрезать"),
)
_SOON_WORDS: tuple[_Rule, ...] = (
    _rule(
        "нет без отключить отсутствовать пропасть отключение остаться",
        "вода свет электричество отопление тепло газ электроэнергия",
    ),
    _rule("батарея отопление квартира садик школа", "холодный ледяной холод мерзнуть замерзнуть холодно"),
    _rule("лифт", "не сломаться стоять инвалид отключить застрять"),
    _rule("сосулька наледь гололед каток лед", "упасть крыша тротуар висеть дорога скользкий сломать"),
    _rule("лекарство инсулин препарат", "нет не отсутствовать закончиться"),
    _rule("светофор", "не сломаться моргать отключить"),
    _rule("канализация стоки нечистоты", "течь затопить подвал бежать прорвать топить"),
)
_NOW_TOPICS = {
    "★ Открытые канализационные люки",
    "★ Прорыв трубы/трубопровода",
    "★ Повреждение опор ЛЭП",
    "★ Скорая помощь",
}
_SOON_TOPICS = {
    "Ненадлежащее качество или отсутствие отопления",
    "Отсутствие холодной воды",
    "Отсутствие горячей воды",
    "Отсутствие электричества",
    "Восстановление газоснабжения",
    "Проблемы с отоплением детских садов и школ",
    "★ Наледь и сосульки на кровле",
    "★ Затопление подъездов, подвальных помещений",
    "★ Засор в общедомовой системе водоотведения (канализации)",
    "Залитие квартиры",
    "Лифт неисправен или отключен",
    "Отсутствие лекарств в аптеках",
    "Отсутствие лекарств в стационарах",
    "Льготные лекарства",
    "Отлов безнадзорных собак и кошек",
    "Подтопление автомобильных дорог",
    "★ Подтопление территории",
    "Качество электроснабжения",
    "★ Нарушение правил очистки дорог от снега и наледи/Обращения о необходимости очистить тротуар от снега и наледи",
}
TOPIC_SURE = 0.6
"""A topic's own urgency counts from this probability on: a third of the topics overlap, and a page for nothing costs
an operator's attention."""


_TELLING: frozenset[str] = frozenset().union(*(part for rule in (*_NOW_WORDS, *_SOON_WORDS) for part in rule))


def _matches(rules: Iterable[_Rule], words: Set[str]) -> bool:
    return any(all(part & words for part in rule) for rule in rules)


def urgency(lemmas: Iterable[str], topic: str, topic_probability: float) -> Urgency:
    """Urgency of a text, given its lemmas and its topic. Pure."""
    words = _TELLING.intersection(lemmas)
    if _matches(_NOW_WORDS, words):
        return "now"
    sure = topic_probability >= TOPIC_SURE
    if sure and topic in _NOW_TOPICS:
        return "now"
    if _matches(_SOON_WORDS, words) or (sure and topic in _SOON_TOPICS):
        return "soon"
    return "normal"
