"""Pages that stand where an article or a feed should: a captcha, a login form."""

import re
from typing import Literal
from urllib.parse import urlsplit

Wall = Literal["captcha", "login"]

# Names in the code of captchas and of the protections in use on Russian sites, and the words they show.
_CAPTCHA = re.compile(
    r"smart-?captcha|showcaptcha|g-recaptcha|hcaptcha|h-captcha|cf-challenge|challenge-platform|__js_p_|ddos-guard"
    r"|servicepipe|qrator|вы не робот|я не робот|проверка браузера|checking your browser|just a moment\.\.\.",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"""<input[^>]{0,300}type\s*=\s*["']?password""", re.IGNORECASE)
_LOGIN_PATH = re.compile(r"/(?:login|log-in|signin|sign-in|auth|authorize|vhod)(?:[/.?]|$)", re.IGNORECASE)
_SAMPLE = 100_000  # characters; protections come as short pages


def wall(html: str, url: str) -> Wall | None:
    """What kind of wall the page is. Ask only where nothing was found that was expected: ordinary pages carry captchas
    and login forms beside their text."""
    sample = html[:_SAMPLE]
    if _CAPTCHA.search(sample):
        return "captcha"
    if _LOGIN_PATH.search(urlsplit(url).path) or _PASSWORD.search(sample):
        return "login"
    return None
