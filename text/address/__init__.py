"""Streets and houses out of Russian text, and their normal form. See docs/addresses.md."""

from text.address.find import find_address, find_addresses, surest
from text.address.form import Address, House, Street
from text.address.parse import normal_address, street_key

__all__ = ["Address", "House", "Street", "find_address", "find_addresses", "normal_address", "street_key", "surest"]
