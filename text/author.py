"""Authors as keyed hashes: two posts of one author can be told to be so, the author can't be told."""

from hashlib import blake2b

MIN_KEY_BYTES = 32
"""Account numbers are few (under 2**30): without a key of full strength the hash is undone by counting."""


class AuthorHasher:
    """Hashes an author's identifier with a secret key.

    Raises:
        ValueError: the key is shorter than `MIN_KEY_BYTES`.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"author key has {len(key)} bytes, {MIN_KEY_BYTES} are needed")
        # blake2b takes at most 64 bytes of key
        self._key = key if len(key) <= 64 else blake2b(key).digest()

    def hash(self, service: str, author: str) -> str:
        """32 hexadecimal digits for an author of a service (`vk`, `telegram`, `news`, `appeal`…)."""
        return blake2b(f"{service}\0{author}".encode(), key=self._key, digest_size=16).hexdigest()
