"""Russian for the tokens that relevance is judged by (`classifier.cues`): what `explain` shows an operator."""

from classifier.features import NUMBER

CLASSES = {
    "need": "то, чего может не хватать",
    "burden": "то, что мешает",
    "object": "хозяйство",
    "fix": "исправить",
    "fail": "сломаться",
    "pit": "люк или подвал",
    "ajar": "открыт",
    "bad": "плохо",
    "lack": "нет",
    "still": "опять",
    "ask": "когда, почему",
    "who": "кто, что, как",
    "plead": "просить",
    "works": "работы",
    "can": "мочь",
    "reach": "добраться",
    "must": "должен",
    "people": "жители",
    "duration": "как долго",
    "ordinal": "который по счёту",
    "thanks": "благодарность",
    "joy": "радость",
    "feast": "праздник",
    "sale": "продажа",
    "invite": "приглашение",
    "contest": "розыгрыш",
    "spam": "реклама",
    "job": "вакансия",
    "sport": "спорт",
    "crime": "происшествие",
    "weather": "погода",
    "office": "обращение",
    "plan": "планы",
    "past": "воспоминания",
    "play": "мечты и сказки",
    "echo": "тоже",
    "but": "но",
    "we": "мы",
    "you": "вы",
    "now": "сейчас",
    "tip": "совет",
}
"""The classes of `classifier.lexicon`: each stands for many words, of which this is the sense."""
FORMS = {
    "past": "сделано",
    "was": "делалось",
    "is": "делается",
    "will": "будет",
    "do": "просьба сделать",
    "inf": "неопределённая форма",
    "done": "завершено",
    "being": "совершается",
}
LAYOUT = {
    "!": "восклицание",
    "!!": "«!!»",
    "?": "вопрос",
    "??": "«?!»",
    "emoji": "эмодзи",
    "smile": "смайлик",
    "hashtag": "хештег",
    "link": "ссылка",
    "phone": "номер телефона",
    "price": "цена",
    "percent": "проценты",
    "time": "время суток",
    "house": "номер дома",
    "quote": "кавычки",
}
_NOT = ("больше не ", "не ")


def said(token: str) -> str:  # noqa: PLR0911  (one for each kind of token)
    """A token in words: `=need+lack` is «то, чего может не хватать» рядом с «нет»."""
    if token in LAYOUT:
        return LAYOUT[token]
    for sign, word in (("words<", "меньше"), ("words>", "больше")):
        if token.startswith(sign):
            return f"слов {word} {token.removeprefix(sign)}"
    for sign, word in (("first ", "сначала"), ("last ", "в конце")):
        if token.startswith(sign) and (only := _class(token.removeprefix(sign))):
            return f"{word} {only}"
    if token.startswith("?=") and (only := _class(token[2:])):
        return f"{only} в вопросе"
    if token.startswith("="):
        first, plus, second = token[1:].partition("+")
        one, other = _class(first), _class(second)
        if one and not plus:
            return one
        if one and other:
            return f"{one} рядом с {other}"
    first, after, second = token.partition(">")
    if after and (one := _class(first)) and (other := _class(second)):
        return f"{one}, потом {other}"
    return " ".join(map(_word, token.split(" ")))


def _class(label: str) -> str | None:
    """A class, perhaps negated and with a form; None for what is none."""
    no = next((one for one in _NOT if label.startswith(one)), "")
    name, _, form = label.removeprefix(no).partition("/")
    if name not in CLASSES or (form and form not in FORMS):
        return None
    return f"«{no}{CLASSES[name]}»" + (f" ({FORMS[form]})" if form else "")


def _word(word: str) -> str:
    """`отопл*` is the beginning of a word, `0` any number, `дать/past` a verb with its form."""
    if word == NUMBER:
        return "(число)"
    lemma, slash, form = word.rpartition("/")
    if slash and form in FORMS:
        return f"{lemma} ({FORMS[form]})"
    return word.replace("*", "…")
