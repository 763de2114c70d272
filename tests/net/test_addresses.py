import pytest

from net import AddressRefused, exempt_for, is_public, public_only
from net.addresses import host_port, names_private


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1",
        "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::8.8.8.8",
        "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::808:808", "2002:7f00:1::", "2002:a00:1::1",
        "2001::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0",
        "fec0::1", "ff02::1", "2a02:6b8::1%eth0",
    ],
)  # fmt: skip
def test_closed(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "77.88.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1",
        "2a02:6b8::1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
    ],
)  # fmt: skip
def test_public(address: str) -> None:
    assert is_public(address)


def test_a_name_is_no_address() -> None:
    with pytest.raises(ValueError):
        is_public("localhost")


def test_only_the_public_addresses_of_a_host_are_left() -> None:
    assert public_only("example.org", ["10.0.0.1", "8.8.8.8", "::1", "2a02:6b8::1"]) == ["8.8.8.8", "2a02:6b8::1"]
    assert public_only("example.org", []) == []


def test_a_host_with_private_addresses_alone_is_refused() -> None:
    with pytest.raises(AddressRefused) as caught:
        public_only("intranet.example.org", ["10.0.0.1", "::1"])
    assert str(caught.value) == "intranet.example.org is not at a public address: 10.0.0.1, ::1"


def test_an_exemption_is_one_host_and_one_port() -> None:
    assert exempt_for("http://LocalHost/rss", allow_private=True) == {("localhost", 80)}
    assert exempt_for("https://[::1]:8443/", allow_private=True) == {("::1", 8443)}
    assert exempt_for("http://localhost/rss", allow_private=False) == frozenset()


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "http:///path", "//example.org/", "http://example.org:x/", "http://a b/"]
)
def test_urls_without_host_and_port(url: str) -> None:
    with pytest.raises(ValueError):
        host_port(url)


def test_urls_that_say_themselves_that_they_are_private() -> None:
    private = ["http://localhost:8801/rss", "http://127.0.0.1/", "https://[fd12::1]/", "http://10.1.2.3:80/x"]
    public = ["https://example.org/", "http://8.8.8.8/", "http://localhost.example.org/", "not a URL"]
    assert [url for url in (*private, *public) if names_private(url)] == private
