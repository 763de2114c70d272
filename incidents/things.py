"""Things that residents complain of: what a post about a house is about, in its own words.

A classifier's topics come from one region's archive, and its likeliest ones scatter over a text of five words; «лифт»
is said by whoever complains of the lift. The list is short, for it has to tell two troubles of one house apart and not
to name them.
"""

from functools import lru_cache

from text import lemmas

THINGS: dict[str, str] = {
    "light": "свет темно темный темнота темень патрон выключатель освещ* ламп* плафон* светильник* фонар* "
    "обесточ* электричеств* электроснаб* электроэнерг*",
    "lift": "лифт лифтер",
    "cleaning": "уборка убирать убирал убрать уборщица мыть помыть вымыть отмыть мытье грязь грязный грязно мусор пыль "
    "пыльный подметать подмести антисанитария",
    "entrance": "стена потолок пол дверь дверной ступень ступенька лестница крыльцо порог перила поручень краска "
    "линолеум козырек трещина ремонт побелка окрас* покрас* штукатур* плитк*",
    "window": "окно оконный форточка рама стекло стеклопакет остеклен*",
    "stored": "хлам вещь мебель шина коляска велосипед захлам* загромо* хранени* склад*",
    "adverts": "надпись объявление реклама рекламный наклейка листовка граффити расклей* расклеи*",
    "units": "кондиционер решетка антенна вывеска баннер вентиляционный видеокамера видеонаблюдение рольстав* роллет*",
    "closer": "доводчик",
    "intercom": "домофон замок кодовый",
    "heating": "батарея радиатор тепло теплый холодно отопл* отопит*",
    "roof": "крыша кровля кровельный",
    "gutter": "водосток водосточный желоб",
    "basement": "подвал подвальный",
    "vermin": "таракан крыса мышь клоп муха комар блоха насеком* грызун* дератиз* дезинсек*",
    "mailbox": "почтовый",
    "sewage": "канализация канализационный засор нечистоты фекалия фекальный",
    "leak": "прорыв прорвать порыв течь протекать протечка протечь труба трубопровод хлестать фонтан заливать залить "
    "залитие потоп затоп* затаплив* подтоп*",
    "hot water": "горячий кипяток",
    "cold water": "холодный напор водоснабжение",
    "chute": "мусоропровод мусорокамера",
    "containers": "контейнер контейнерный бак помойка",
    "plinth": "цоколь отмостка приямок продух",
    "facade": "фасад балкон лепнина",
    "snow": "снег сугроб наледь гололед лед скользко скользкий",
    "icicles": "сосулька",
    "playground": "качели горка песочница площадка детский",
    "parking": "парковка парковать припарковать стоянка газон машина автомобиль",
    "road": "яма ям выбоина асфальт",
    "trees": "дерево ветка куст спилить вырубка",
    "noise": "шум шуметь музыка",
    "smell": "запах вонь вонять пахнуть",
    "rebuilding": "перепланировка переустройство",
}
"""Lemmas, without ё; with an asterisk, how they begin. Written from what people write of, before it was tried on
reports whose true kind is known (docs/decisions/2026-11-28-stories.md)."""

_WHOLE = {word: thing for thing, words in THINGS.items() for word in words.split() if not word.endswith("*")}
_BEGINNINGS = {word[:-1]: thing for thing, words in THINGS.items() for word in words.split() if word.endswith("*")}


def things(text: str) -> list[str]:
    """The things that a text names, in the order in which it does."""
    return list(dict.fromkeys(thing for lemma in lemmas(text) if (thing := _thing(lemma)) is not None))


@lru_cache(maxsize=65_536)  # 10 MB; the commonest words of Russian are fewer
def _thing(lemma: str) -> str | None:
    return _WHOLE.get(lemma) or next((thing for word, thing in _BEGINNINGS.items() if lemma.startswith(word)), None)
