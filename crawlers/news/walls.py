"""Pages that stand where an article or a feed should: a captcha, a login form, an error that comes as a 200."""

import re
from typing import Literal
from urllib.parse import urlsplit

Wall = Literal["captcha", "login"]
SpokenWall = Literal["captcha", "login", "busy", "missing"]

# Names in the code of captchas and of the protections in use on Russian sites.
_CAPTCHA_CODE = re.compile(
    r"smart-?captcha|showcaptcha|recaptcha|h-?captcha|cf-challenge|challenge-platform|__js_p_|ddos-guard|servicepipe"
    r"|qrator|name=.?captcha",
    re.IGNORECASE,
)
# What they and login pages say.
_CAPTCHA_WORDS = re.compile(
    r"не робот|капч|captcha|символы с картинки|проверка браузера|checking your browser|just a moment", re.IGNORECASE
)
_LOGIN_WORDS = re.compile(
    r"войдите|авторизуйтесь|требуется авторизация|^\s*(?:вход|авторизация)\b|log in to continue",
    re.IGNORECASE | re.MULTILINE,
)
_PASSWORD = re.compile(r"""<input[^>]{0,300}type\s*=\s*["']?password""", re.IGNORECASE)
_LOGIN_PATH = re.compile(r"/(?:login|log-in|signin|sign-in|auth|authorize|vhod)(?:[/.?]|$)", re.IGNORECASE)
# Titles of error pages. A number alone is none: «500 жителей остались без воды» is news.
_BUSY_TITLE = re.compile(r"\s*(?:(?:ошибка|error)?\s*429\b|слишком много запросов|too many requests)", re.IGNORECASE)
_MISSING_TITLE = re.compile(
    r"\s*(?:(?:ошибка|error)\s*[45]\d\d\b|404\s*(?:$|[-—–:|.]|not found|страница)"
    r"|страница (?:не найдена|не существует|удалена)|(?:page )?not found)",
    re.IGNORECASE,
)
_SAMPLE = 100_000  # characters; protections come as short pages
_SHORT = 500  # characters: what a wall says to its visitor; articles that short rarely speak of captchas


def wall(html: str, url: str) -> Wall | None:
    """What kind of wall the page is. Ask only where nothing was found that was expected: ordinary pages carry captchas
    and login forms beside their text."""
    sample = html[:_SAMPLE]
    if _CAPTCHA_CODE.search(sample) or _CAPTCHA_WORDS.search(sample):
        return "captcha"
    if _LOGIN_PATH.search(urlsplit(url).path) or _PASSWORD.search(sample):
        return "login"
    return None


def wall_that_speaks(title: str | None, text: str, html: str) -> SpokenWall | None:
    """What kind of wall a page is whose own words were taken for an article. It must both say so and be built so; an
    error page is known by its title."""
    if len(text) > _SHORT:
        return None
    said, sample = f"{title or ''}\n{text}", html[:_SAMPLE]
    if _CAPTCHA_WORDS.search(said) and _CAPTCHA_CODE.search(sample):
        return "captcha"
    if _LOGIN_WORDS.search(said) and _PASSWORD.search(sample):
        return "login"
    if _BUSY_TITLE.match(title or ""):
        return "busy"
    if _MISSING_TITLE.match(title or ""):
        return "missing"
    return None
