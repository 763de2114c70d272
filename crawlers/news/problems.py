"""What the operator reads when a site answers with something else than news. All texts are Russian."""

from collections.abc import Sequence

from crawlers.base import SourceProblem
from crawlers.news.indexes import Unusable
from crawlers.news.settings import NewsSettings
from crawlers.news.workshop import Lost
from schemas import Outcome

_LOOK = "Откройте адрес в браузере"
_ASK_FOR_ACCESS = (
    "Проверка не обходится: попросите редакцию пропускать запросы с этой машины или выберите другой источник"
)
_PUBLIC_ONLY = "Читаются только общедоступные страницы: выберите другой источник"
_FAULTS: dict[str, tuple[Outcome, str, str]] = {
    "captcha": (
        Outcome.BLOCKED,
        "вместо {what} сайт показывает проверку «я не робот»: {url}",
        _ASK_FOR_ACCESS,
    ),
    "login": (
        Outcome.BLOCKED,
        "вместо {what} сайт показывает страницу входа: {url}",
        _PUBLIC_ONLY,
    ),
    "html": (
        Outcome.CHANGED,
        "вместо {what} отвечает веб-страница: {url}",
        _LOOK + ", найдите на сайте новый адрес и укажите его в настройках источника",
    ),
    "malformed": (
        Outcome.CHANGED,
        "ответ не похож на {what_accusative}: {url}",
        _LOOK + " и проверьте, что по нему всё ещё лежит то же самое",
    ),
    "entities": (
        Outcome.BROKEN,
        "{what_nominative} объявляет сущности XML, такие файлы не читаются: {url}",
        "Сообщите владельцу сайта: объявления ENTITY в лентах не нужны и опасны",
    ),
    "too_large": (
        Outcome.BROKEN,
        "{what_nominative} после распаковки больше допустимого размера: {url}",
        "Проверьте адрес источника; у большого сайта укажите карту новостей или ленту",
    ),
    "no_links": (
        Outcome.CHANGED,
        "на странице {url} селектор «{selector}» не находит ссылок",
        "Похоже, вёрстка сайта изменилась: исправьте listing.links в настройках источника",
    ),
    "lost": (
        Outcome.BROKEN,
        "{what_nominative} не удаётся разобрать за отведённые время и память: {url}",
        "Проверьте, что адрес источника ведёт куда нужно; если да, сообщите разработчикам Отклика",
    ),
}
_NAMES = {  # genitive, accusative, nominative
    "feed": ("ленты", "ленту RSS, Atom или RDF", "лента"),
    "sitemap": ("карты сайта", "карту сайта", "карта сайта"),
    "listing": ("списка новостей", "список новостей", "страница со списком новостей"),
}
_ARTICLE_FAULTS: dict[str, tuple[Outcome, str, str]] = {
    "captcha": (
        Outcome.BLOCKED,
        "вместо статьи сайт показывает проверку «я не робот»: {url}",
        _ASK_FOR_ACCESS,
    ),
    "login": (
        Outcome.BLOCKED,
        "вместо статьи сайт показывает страницу входа: {url}",
        _PUBLIC_ONLY,
    ),
    "busy": (
        Outcome.QUOTA,
        "вместо статьи сайт просит обращаться реже: {url}",
        "Если это повторяется, увеличьте crawler.pause",
    ),
    "missing": (
        Outcome.CHANGED,
        "вместо статьи сайт показывает страницу ошибки: {url}",
        "Откройте адрес в браузере; если статья там есть, сообщите разработчикам Отклика",
    ),
    "no_text": (
        Outcome.CHANGED,
        "на странице не нашлось текста статьи: {url}",
        "Укажите в настройках источника selectors.text — где на странице стоит текст",
    ),
    "not_html": (
        Outcome.CHANGED,
        "вместо статьи отвечает не веб-страница: {url}",
        "Проверьте, что лента, карта сайта или listing.links ведут на статьи, а не на файлы",
    ),
    "lost": (
        Outcome.BROKEN,
        "статью не удаётся разобрать за отведённые время и память: {url}",
        "Откройте адрес в браузере; если это обычная статья, сообщите разработчикам Отклика",
    ),
}


def index_problem(settings: NewsSettings, url: str, error: Unusable | Lost) -> SourceProblem:
    """How a visit ends whose feed, sitemap or listing can't be used."""
    outcome, reason, action = _FAULTS[error.fault if isinstance(error, Unusable) else "lost"]
    name = "feed" if settings.feed else "sitemap" if settings.sitemap else "listing"
    what, what_accusative, what_nominative = _NAMES[name]
    text = reason.format(
        what=what,
        what_accusative=what_accusative,
        what_nominative=what_nominative,
        url=url,
        selector=settings.listing.links if settings.listing else "",
    )
    return SourceProblem(outcome, text, action)


def unusable_article(url: str, fault: str) -> SourceProblem:
    """Why a page that was fetched is no article."""
    outcome, reason, action = _ARTICLE_FAULTS[fault]
    return SourceProblem(outcome, reason.format(url=url), action)


def no_article_problem(problems: Sequence[SourceProblem]) -> SourceProblem:
    """How a visit ends at which every article failed: like the first of them.

    Articles that are gone don't make the source gone: its index is there and lists what isn't.
    """
    first = problems[0]
    outcome = Outcome.CHANGED if first.outcome is Outcome.GONE else first.outcome
    reason = f"не получена ни одна из новых статей (неудач: {len(problems)}); первая: {first.reason}"
    return SourceProblem(outcome, reason, first.action, first.retry_at)
