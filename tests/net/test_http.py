import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from net import AddressRefused, safe_client


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/")
        else:
            self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def _refusal(error: BaseException | None) -> AddressRefused | None:
    while error is not None and not isinstance(error, AddressRefused):
        error = error.__cause__ or error.__context__
    return error


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_refused_however_written(port: int, host: str) -> None:
    with safe_client() as client, pytest.raises(httpx.ConnectError) as caught:
        client.get(f"http://{host}:{port}/")
    assert _refusal(caught.value) is not None


def test_an_exempted_host_and_port_is_reached(port: int) -> None:
    with safe_client(allow_private=frozenset({("127.0.0.1", port)})) as client:
        assert client.get(f"http://127.0.0.1:{port}/").text == "ok"
        with pytest.raises(httpx.ConnectError):
            client.get(f"http://localhost:{port}/")


def test_the_address_checked_is_the_address_connected_to(port: int) -> None:
    """A name that turns private at its second look-up gets nowhere: there is one look-up per connection."""
    answers = [["127.0.0.1"], ["10.255.255.1"]]
    exempt = frozenset({("rebinding.example", port)})
    with safe_client(allow_private=exempt, resolve=lambda host, port: answers.pop(0)) as client:
        assert client.get(f"http://rebinding.example:{port}/").text == "ok"
    assert answers == [["10.255.255.1"]]

    with safe_client(resolve=lambda host, port: ["127.0.0.1"]) as client, pytest.raises(httpx.ConnectError) as caught:
        client.get(f"http://rebinding.example:{port}/")
    assert str(caught.value) == "rebinding.example is not at a public address: 127.0.0.1"


def test_redirects_are_handed_back_not_followed(port: int) -> None:
    with safe_client(allow_private=frozenset({("127.0.0.1", port)})) as client:
        assert client.get(f"http://127.0.0.1:{port}/away").status_code == 302


def test_proxies_of_the_environment_are_not_used(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with safe_client(allow_private=frozenset({("127.0.0.1", port)})) as client:
        assert client.get(f"http://127.0.0.1:{port}/").text == "ok"
