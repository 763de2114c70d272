"""Which addresses we may talk to, and an HTTP client that talks to no other."""

from net.addresses import AddressRefused, Exempt, exempt_for, is_public, public_only
from net.http import safe_client

__all__ = ["AddressRefused", "Exempt", "exempt_for", "is_public", "public_only", "safe_client"]
