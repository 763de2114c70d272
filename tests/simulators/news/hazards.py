"""What the open Internet does to a crawler: one path under /hazards/ for each.

A hazard is a function of the handler; it writes the whole answer itself, since most of them break a rule of HTTP.
"""

import random
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from tests.simulators.news.server import NewsSite

Hazard = Callable[[BaseHTTPRequestHandler, "NewsSite"], None]

RETRY_AFTER = 120
"""Seconds a 429 asks for: long enough that obeying it is visible in `next_due`."""
PRIVATE = "http://10.255.255.1/secret.html"
"""Where `redirect-private` leads unless `?to=` says otherwise: nothing of ours answers there."""
HUGE_MB = 200
"""Far above any sensible limit of a page; sent in pieces, so that a reader who stops early pays for what it read."""
BOMB_MB = 100
"""What `gzip-bomb` unpacks to from about 100 KB."""
LONG_ARTICLE_BYTES = 5_000_000

HTML = "text/html; charset=utf-8"


def _send(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes = b"",
    type_: str = "text/html; charset=utf-8",
    **more: str,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", type_)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in more.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    with suppress(ConnectionError):
        handler.wfile.write(body)


def _page(title: str, inner: str) -> bytes:
    return f"<!doctype html><html><head><title>{title}</title></head><body>{inner}</body></html>".encode()


def _shown(title: str, inner: str, status: int = 200) -> Hazard:
    """A page that is well in itself."""

    def answer(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
        _send(handler, status, _page(title, inner))

    return answer


def _status(code: int, title: str) -> Hazard:
    return _shown(title, f"<h1>{title}</h1>", code)


def _too_many(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    _send(handler, 429, _page("Слишком много запросов", ""), Retry_After=str(RETRY_AFTER))


def _hang(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    """Accepts the request and answers nothing until the site closes."""
    site.closing.wait()
    handler.close_connection = True


def _cut(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    """Promises more than it sends, and hangs up."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html; charset=utf-8")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b"<html><body><p>")
    handler.close_connection = True


def _redirect(to: str) -> Hazard:
    def answer(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
        _send(handler, 302, Location=to)

    return answer


def _redirect_private(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    to = parse_qs(urlsplit(handler.path).query).get("to", [PRIVATE])[0]
    _send(handler, 302, Location=to)


def _huge(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html; charset=utf-8")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    piece = b"<p>" + b"a" * (1 << 20) + b"</p>"
    with suppress(ConnectionError):
        for _ in range(HUGE_MB):
            if site.closing.is_set():
                return
            handler.wfile.write(piece)


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(BOMB_MB)) + packer.flush()


def _gzip_bomb(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    _send(handler, 200, _bomb(), Content_Encoding="gzip")


def _xml_bomb(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    """Ten levels of entities, each ten of the one below: 10 GB if expanded."""
    levels = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 11))
    feed = (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "а">{levels}]>'
        "<rss version='2.0'><channel><title>&l10;</title><item><title>&l10;</title><link>/vesti/</link></item>"
        "</channel></rss>"
    )
    _send(handler, 200, feed.encode(), "application/rss+xml; charset=utf-8")


def _empty_feed(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    feed = '<?xml version="1.0"?><rss version="2.0"><channel><title>Пусто</title></channel></rss>'
    _send(handler, 200, feed.encode(), "application/rss+xml; charset=utf-8")


CAPTCHA = (
    "<h1>Проверка, что вы не робот</h1><form id='captcha' action='/captcha' method='post'>"
    "<div class='g-recaptcha' data-sitekey='demo'></div><img src='/captcha.png' alt='captcha'>"
    "<input name='captcha' placeholder='Введите символы с картинки'><button>Продолжить</button></form>"
)
LOGIN = (
    "<h1>Войдите, чтобы продолжить</h1><form action='/login' method='post'>"
    "<input name='login' autocomplete='username'><input type='password' name='password'>"
    "<button>Войти</button></form>"
)


def _wrong_charset(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    """windows-1251 under a header that says utf-8; the meta element is right."""
    text = (
        "<html><head><meta charset='windows-1251'><title>Кодировка</title></head>"
        "<body><article><h1>В Касли нет воды</h1>"
        "<p>Жители улицы Лобашова жалуются, что холодной воды нет третий день, а в диспетчерской не берут трубку.</p>"
        "</article></body></html>"
    )
    _send(handler, 200, text.encode("windows-1251"), "text/html; charset=utf-8")


def _binary(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    _send(handler, 200, b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(20_000))


def _long_article(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    paragraph = "<p>Жители Касли в который раз пишут, что на улице Лобашова не горит ни один фонарь.</p>\n"
    count = LONG_ARTICLE_BYTES // len(paragraph.encode()) + 1
    _send(handler, 200, _page("Длинная статья", f"<article><h1>Длинная статья</h1>{paragraph * count}</article>"))


def _feed_of_hazards(handler: BaseHTTPRequestHandler, site: "NewsSite") -> None:
    """A good feed whose every link leads to a hazard, but for one good article at the end."""
    links = [f"/hazards/{name}" for name in PAGES] + [site.articles[0].path]
    items = "".join(
        f"<item><title>Страница {i}</title><link>{site.url}{to}</link></item>" for i, to in enumerate(links)
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Беды</title>{items}</channel></rss>'
    _send(handler, 200, feed.encode(), "application/rss+xml; charset=utf-8")


PAGES: dict[str, Hazard] = {
    "403": _status(403, "Доступ запрещён"),
    "404": _status(404, "Страница не найдена"),
    "410": _status(410, "Страница удалена"),
    "429": _too_many,
    "500": _status(500, "Внутренняя ошибка сервера"),
    "hang": _hang,
    "cut": _cut,
    "redirect-loop": _redirect("/hazards/redirect-loop-back"),
    "redirect-private": _redirect_private,
    "huge": _huge,
    "gzip-bomb": _gzip_bomb,
    "captcha": _shown("Подтвердите, что вы не робот", CAPTCHA),
    "login": _shown("Вход", LOGIN),
    "wrong-charset": _wrong_charset,
    "binary": _binary,
    "long-article": _long_article,
}
"""Hazards that stand where an article or a feed was expected."""

FEEDS: dict[str, Hazard] = {
    "xml-bomb": _xml_bomb,
    "html-feed": _shown("Наш сайт обновился", "<h1>Мы переехали на новый сайт!</h1><p>Ленты больше нет.</p>"),
    "empty-feed": _empty_feed,
    "feed": _feed_of_hazards,
}

HAZARDS: dict[str, Hazard] = {**PAGES, **FEEDS, "redirect-loop-back": _redirect("/hazards/redirect-loop")}
