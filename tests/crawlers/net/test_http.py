import asyncio
import gzip
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import brotli
import pytest
import trustme
from backports import zstd  # Scrapy's, as long as Python 3.14 is not the oldest

from crawlers.net import Failure, FetchError, Http, Response
from tests.crawlers.net.site import Answer, Site, redirect

NO_PAUSE = timedelta()


def run(use: Callable[[Http], Awaitable[Any]], **options: Any) -> Any:
    async def main() -> Any:
        async with Http(**({"user_agent": "Otklik/test", "pause": NO_PAUSE, "timeout": 2.0} | options)) as http:
            return await use(http)

    return asyncio.run(main())


def get(url: str, *, options: dict[str, Any] | None = None, **arguments: Any) -> Response:
    async def use(http: Http) -> Response:
        return await http.get(url, **arguments)

    found: Response = run(use, **(options or {}))
    return found


def failure(url: str, **arguments: Any) -> Failure:
    with pytest.raises(FetchError) as caught:
        get(url, **arguments)
    return caught.value.failure


def test_a_page_comes_with_its_headers_and_final_url() -> None:
    with Site({"/old": redirect("/new"), "/new": Answer("новость", headers={"ETag": '"1"'})}) as site:
        found = get(f"{site.url}/old", allow_private=site.exempt)
    assert (found.url, found.status, found.body.decode()) == (f"{site.url}/new", 200, "новость")
    assert found.headers["etag"] == '"1"'
    assert not found.not_modified


def test_a_conditional_request_is_answered_304() -> None:
    asked: list[tuple[str | None, str | None]] = []

    def page(headers: Any) -> Answer:
        asked.append((headers.get("If-None-Match"), headers.get("If-Modified-Since")))
        return Answer(status=304)

    with Site({"/": page}) as site:
        found = get(
            f"{site.url}/", etag='"1"', last_modified="Mon, 23 Nov 2026 05:00:00 GMT", allow_private=site.exempt
        )
    assert found.not_modified
    assert asked == [('"1"', "Mon, 23 Nov 2026 05:00:00 GMT")]


def test_it_says_who_asks_and_sends_no_cookies() -> None:
    seen: list[Any] = []

    def page(headers: Any) -> Answer:
        seen.append(headers)
        return Answer("x", headers={"Set-Cookie": "id=1"})

    async def twice(http: Http) -> None:
        for _ in range(2):
            await http.get(f"{site.url}/", allow_private=site.exempt)

    with Site({"/": page}) as site:
        run(twice)
    assert [headers["User-Agent"] for headers in seen] == ["Otklik/test"] * 2
    assert not any("Cookie" in headers for headers in seen)


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
def test_an_error_status_is_an_answer_and_is_not_repeated(status: int) -> None:
    with Site({"/": Answer("", status, headers={"Retry-After": "60"})}) as site:
        found = get(f"{site.url}/", allow_private=site.exempt)
    assert (found.status, found.headers["retry-after"]) == (status, "60")
    assert site.paths() == ["/"]


class TestAddresses:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"]
    )
    def test_private_ones_are_refused_however_written(self, host: str) -> None:
        with Site({"/": Answer("secret")}) as site:
            assert failure(f"http://{host}:{site.port}/") is Failure.PRIVATE
        assert site.asked == []

    @pytest.mark.parametrize(
        "target", ["http://169.254.169.254/latest/", "http://localhost:{port}/", "http://[::ffff:127.0.0.1]:{port}/"]
    )
    def test_a_redirect_to_one_is_refused(self, target: str) -> None:
        with Site({"/": Answer("secret")}) as inner, Site({"/": redirect(target.format(port=inner.port))}) as site:
            assert failure(f"{site.url}/", allow_private=site.exempt) is Failure.PRIVATE
        assert inner.asked == []

    def test_a_name_that_is_not_found_is_not_taken_for_one_that_was_refused(self) -> None:
        async def resolve(host: str, port: int) -> list[str]:
            if host == "inner.example":
                return ["10.0.0.1"]
            raise OSError("no such name")

        async def use() -> list[Failure]:
            found = []
            async with Http(user_agent="Otklik/test", pause=timedelta(), resolve=resolve) as http:
                for host in ("inner.example", "winner.example", "INNER.example"):
                    with pytest.raises(FetchError) as caught:
                        await http.get(f"http://{host}/")
                    found.append(caught.value.failure)
            return found

        assert asyncio.run(use()) == [Failure.PRIVATE, Failure.NOT_FOUND, Failure.PRIVATE]

    def test_an_exemption_is_for_one_source_only(self) -> None:
        async def use(http: Http) -> None:
            await http.get(f"{own.url}/", allow_private=own.exempt)
            # The connection is open still; another source is redirected to it.
            with pytest.raises(FetchError) as caught:
                await http.get(f"{other.url}/", allow_private=other.exempt)
            assert caught.value.failure is Failure.PRIVATE

        with Site({"/": Answer("secret")}) as own, Site({"/": redirect(f"{own.url}/")}) as other:
            run(use)
        assert own.paths() == ["/"]

    def test_robots_txt_leads_nowhere_private_either(self) -> None:
        with (
            Site({"/robots.txt": Answer("User-agent: *\nAllow: /")}) as inner,
            Site({"/robots.txt": redirect(f"{inner.url}/robots.txt"), "/": Answer("x")}) as site,
        ):
            assert failure(f"{site.url}/", allow_private=site.exempt) is Failure.PRIVATE
        assert inner.asked == []

    def test_a_name_bound_anew_between_check_and_connection(self) -> None:
        """There is one look-up per connection, and its answer is what is connected to."""
        look_ups: list[str] = []

        async def resolve(host: str, port: int) -> list[str]:
            look_ups.append(host)
            return ["127.0.0.1"] if len(look_ups) > 1 else ["192.0.2.1", "10.0.0.1"]

        async def use(http: Http) -> None:
            for _ in range(2):
                with pytest.raises(FetchError) as caught:
                    await http.get(f"http://rebinding.example:{site.port}/")
                assert caught.value.failure is Failure.PRIVATE

        with Site({"/": Answer("secret")}) as site:
            run(use, resolve=resolve)
        assert set(look_ups) == {"rebinding.example"}
        assert site.asked == []

    def test_the_address_that_was_looked_up_is_the_one_connected_to(self) -> None:
        look_ups: list[str] = []

        async def resolve(host: str, port: int) -> list[str]:
            look_ups.append(host)
            return ["127.0.0.1"] if len(look_ups) == 1 else ["192.0.2.1"]

        with Site({"/": Answer("x")}) as site:
            exempt = frozenset({("site.example", site.port)})
            url = f"http://site.example:{site.port}/"
            assert get(url, allow_private=exempt, options={"resolve": resolve}).body == b"x"
        assert look_ups == ["site.example"]

    def test_a_name_that_does_not_resolve(self) -> None:
        async def resolve(host: str, port: int) -> list[str]:
            raise OSError("no such name")

        assert failure("http://nowhere.example/", options={"resolve": resolve}) is Failure.NOT_FOUND

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/", "data:text/html,x"])
    def test_a_redirect_to_another_scheme_is_not_followed(self, target: str) -> None:
        with Site({"/": redirect(target)}) as site:
            assert get(f"{site.url}/", allow_private=site.exempt).status == 302

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "data:text/html,x", "нет", "http://", "http://[::1"])
    def test_other_schemes_are_not_asked(self, url: str) -> None:
        assert failure(url) is Failure.INVALID

    def test_proxies_of_the_environment_are_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        with Site({"/": Answer("x")}) as site:
            assert get(f"{site.url}/", allow_private=site.exempt).body == b"x"


class TestRobots:
    def test_what_it_forbids_is_not_asked_for(self) -> None:
        robots = Answer("User-agent: *\nDisallow: /closed/", type="text/plain")
        with Site({"/robots.txt": robots, "/open": redirect("/closed/page")}) as site:
            for path in ("/closed/page", "/open"):
                assert failure(f"{site.url}{path}", allow_private=site.exempt) is Failure.ROBOTS
        assert site.paths() == ["/open"]

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_without_an_answer_nothing_is_asked_for(self, status: int) -> None:
        with Site({"/robots.txt": Answer(status=status), "/": Answer("x")}) as site:
            assert failure(f"{site.url}/", allow_private=site.exempt) is Failure.ROBOTS_UNAVAILABLE
        assert site.paths() == []

    def test_it_is_read_once_a_day(self) -> None:
        moment = datetime(2026, 11, 24, tzinfo=UTC)

        async def use(http: Http) -> None:
            nonlocal moment
            for hours in (0, 23, 2):
                moment += timedelta(hours=hours)
                await http.get(f"{site.url}/", allow_private=site.exempt)

        with Site({"/robots.txt": Answer("User-agent: *\nAllow: /"), "/": Answer("x")}) as site:
            run(use, now=lambda: moment)
        assert site.asked == ["/robots.txt", "/", "/", "/robots.txt", "/"]

    def test_its_crawl_delay_is_kept_for_all_who_share_the_slots(self) -> None:
        reserved: list[tuple[str, timedelta]] = []

        class Slots:
            def reserve_slot(self, slot: str, delay: timedelta) -> datetime:
                reserved.append((slot, delay))
                return datetime.now(UTC)

        with Site({"/robots.txt": Answer("User-agent: *\nCrawl-delay: 7"), "/": Answer("x")}) as site:
            get(
                f"{site.url}/",
                allow_private=site.exempt,
                options={"slots": Slots(), "pause": timedelta(milliseconds=10)},
            )
        slot = f"127.0.0.1:{site.port}"
        assert reserved == [(slot, timedelta(milliseconds=10)), (slot, timedelta(seconds=7))]

    def test_a_delay_without_end_is_a_refusal(self) -> None:
        with Site({"/robots.txt": Answer("User-agent: *\nCrawl-delay: 1000000"), "/": Answer("x")}) as site:
            assert failure(f"{site.url}/", allow_private=site.exempt) is Failure.CRAWL_DELAY


def test_requests_to_one_host_are_spaced_out() -> None:
    moments: list[float] = []

    def page(headers: Any) -> Answer:
        moments.append(time.monotonic())
        return Answer("x")

    async def use(http: Http) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(http.get(f"{site.url}/", allow_private=site.exempt))

    with Site({"/": page}) as site:
        run(use, pause=timedelta(seconds=1))
    assert all(later - earlier >= 0.5 for earlier, later in itertools.pairwise(moments))


class TestHostileAnswers:
    LIMIT = 100_000

    @pytest.mark.parametrize("announced", [True, False])
    def test_a_body_over_the_limit(self, announced: bool) -> None:
        def send(connection: socket.socket, over: threading.Event) -> None:
            length = f"Content-Length: {self.LIMIT * 50}\r\n" if announced else ""
            connection.sendall(f"HTTP/1.1 200 OK\r\n{length}\r\n".encode())
            for _ in range(50):
                connection.sendall(b"x" * self.LIMIT)

        with Site({"/": Answer(raw=send)}) as site:
            assert failure(f"{site.url}/", allow_private=site.exempt, max_bytes=self.LIMIT) is Failure.TOO_LARGE

    @pytest.mark.parametrize(
        ("encoding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstd.compress)]
    )
    def test_a_decompression_bomb(self, encoding: str, pack: Callable[[bytes], bytes]) -> None:
        bomb = pack(b"\x00" * 20_000_000)
        assert len(bomb) < self.LIMIT
        with Site({"/": Answer(bomb, headers={"Content-Encoding": encoding})}) as site:
            assert failure(f"{site.url}/", allow_private=site.exempt, max_bytes=self.LIMIT) is Failure.TOO_LARGE

    def test_a_redirect_loop(self) -> None:
        with Site({"/a": redirect("/b"), "/b": redirect("/a")}) as site:
            assert failure(f"{site.url}/a", allow_private=site.exempt) is Failure.REDIRECTS
        assert len(site.paths()) == 6

    def test_a_page_that_drips_for_ever(self) -> None:
        def drip(connection: socket.socket, over: threading.Event) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not over.wait(0.05):
                connection.sendall(b"x")

        with Site({"/": Answer(raw=drip)}) as site:
            url = f"{site.url}/"
            assert failure(url, allow_private=site.exempt, options={"timeout": 0.5}) is Failure.TIMEOUT

    def test_a_page_that_hangs(self) -> None:
        with Site({"/": Answer(raw=lambda connection, over: over.wait(30) and None)}) as site:
            url = f"{site.url}/"
            assert failure(url, allow_private=site.exempt, options={"timeout": 0.5}) is Failure.TIMEOUT

    def test_a_body_shorter_than_announced(self) -> None:
        def send(connection: socket.socket, over: threading.Event) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")

        with Site({"/": Answer(raw=send)}) as site:
            assert failure(f"{site.url}/", allow_private=site.exempt) is Failure.CUT

    def test_what_is_not_http(self) -> None:
        def send(connection: socket.socket, over: threading.Event) -> None:
            connection.sendall(b"220 smtp.example ESMTP\r\n\r\n")

        with Site({"/": Answer(raw=send)}) as site:
            assert failure(f"{site.url}/", allow_private=site.exempt) in {Failure.INVALID, Failure.CUT}

    def test_a_closed_port(self) -> None:
        with Site() as site:
            url, exempt = f"{site.url}/", site.exempt
        assert failure(url, allow_private=exempt) is Failure.REFUSED

    def test_a_certificate_of_nobody_we_trust(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        with Site({"/": Answer("x")}, tls=context) as site:
            assert failure(f"{site.url}/", allow_private=site.exempt) is Failure.TLS
        assert site.asked == []


def test_only_one_stack_at_a_time_and_another_afterwards() -> None:
    async def use(http: Http) -> None:
        with pytest.raises(RuntimeError, match="only one Http may be open"):
            async with Http(user_agent="x"):
                pass
        assert (await http.get(f"{site.url}/", allow_private=site.exempt)).body == b"x"

    with Site({"/": Answer("x")}) as site:
        run(use)
        run(use)
