"""Which addresses are on the public Internet: pure functions, no look-ups.

`ipaddress.is_global` alone is not enough: its tables differ between Python versions, and it calls addresses global that
carry a private IPv4 address inside (NAT64, 6to4). So IPv6 is an allow-list here: what is not global unicast is refused.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

Exempt = frozenset[tuple[str, int]]
"""Host (lower case, as in the URL) and port pairs which may lie at a private address."""

DEFAULT_PORTS = {"http": 80, "https": 443}

# https://www.iana.org/assignments/iana-ipv4-special-registry: all that is not "globally reachable", and multicast.
_CLOSED_V4 = [
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; clouds keep their metadata service at 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
    )
]
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry, as far as it lies inside 2000::/3.
_CLOSED_V6 = [IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20")]
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is reached


class AddressRefused(OSError):
    """A name or literal leads only to addresses that are not public."""

    def __init__(self, host: str, addresses: Iterable[str]) -> None:
        self.host = host
        self.addresses = tuple(addresses)
        super().__init__(f"{host} is not at a public address: {', '.join(self.addresses)}")


def is_public(address: str) -> bool:
    """Whether an IP address literal, IPv4 or IPv6, is reachable on the public Internet.

    Raises:
        ValueError: it is not an IP address.
    """
    ip = ip_address(address)
    return _is_public_v4(ip) if isinstance(ip, IPv4Address) else _is_public_v6(ip)


def _is_public_v4(ip: IPv4Address) -> bool:
    return not any(ip in net for net in _CLOSED_V4)


def _is_public_v6(ip: IPv6Address) -> bool:
    if ip.scope_id is not None:
        return False
    if ip.ipv4_mapped is not None:
        return _is_public_v4(ip.ipv4_mapped)
    if ip in _NAT64:
        return _is_public_v4(IPv4Address(int(ip) & 0xFFFFFFFF))
    if ip.sixtofour is not None:
        return _is_public_v4(ip.sixtofour)
    return ip in _GLOBAL_UNICAST and not any(ip in net for net in _CLOSED_V6)


def public_only(host: str, addresses: Iterable[str]) -> list[str]:
    """Those of a host's addresses that are public, in the same order.

    Raises:
        AddressRefused: it has addresses, but none is public.
    """
    addresses = list(addresses)
    public = [address for address in addresses if is_public(address)]
    if addresses and not public:
        raise AddressRefused(host, addresses)
    return public


def host_port(url: str) -> tuple[str, int]:
    """Host in lower case and port of an http(s) URL; the scheme's own port where none is written.

    Raises:
        ValueError: there is no host or a space in it, the port is no number, or the scheme is another.
    """
    parts = urlsplit(url)
    if not parts.hostname or any(sign.isspace() for sign in parts.hostname) or parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f"not an http(s) URL: {url!r}")
    return parts.hostname.lower(), parts.port or DEFAULT_PORTS[parts.scheme]


def names_private(url: str) -> bool:
    """Whether an http(s) URL itself says that it lies at a private address: without looking a name up."""
    try:
        host, _ = host_port(url)
    except ValueError:
        return False
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost"


def exempt_for(url: str, *, allow_private: bool) -> Exempt:
    """What `allow_private` in the settings of a source or sink at `url` exempts: its own host and port only."""
    return frozenset({host_port(url)}) if allow_private else frozenset()
