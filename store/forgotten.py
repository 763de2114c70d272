"""What was erased on request and must not come back.

Kept as keyed digests, so that the table is no list of those who asked. The key lies in the same database: it must not
change, as the key of the authors' hashes may, and every role has it. Whoever holds the database can test a guess; the
ids of posts in it tell him as much.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Literal

from sqlalchemy import Connection, select, text

from schemas import Post
from store.engine import Store
from store.sql import one_of, upsert
from store.tables import forgotten, keys

Kind = Literal["post", "url", "author"]
_AMONG = select(forgotten.c.digest, forgotten.c.until).where(one_of(forgotten.c.digest, "digests"))


class Forgotten:
    """Every method may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key: bytes | None = None

    def hold_off(self, conn: Connection) -> None:
        """Until the transaction ends, nobody stores posts: whoever does locks places first (`Posts.lock_places`).

        To be called before anything else is locked. SQLite's writing transactions are alone anyway.
        """
        if conn.dialect.name == "postgresql":
            conn.execute(text("LOCK TABLE places IN EXCLUSIVE MODE"))

    def remember(self, conn: Connection, kind: Kind, values: Iterable[str], until: datetime | None = None) -> None:
        """Forget posts with these ids, addresses or authors' hashes, as far as they were published up to `until`."""
        key, at = self._read_key(conn), self._store.now()
        rows = [{"digest": _digest(key, kind, value), "until": until, "at": at} for value in sorted(set(values))]
        if rows:
            statement = upsert(conn, forgotten)
            later = {"until": statement.excluded.until, "at": statement.excluded.at}
            conn.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=later), rows)

    def among(self, conn: Connection, posts: Sequence[Post]) -> set[str]:
        """The ids of those of the posts that are forgotten."""
        key = self._read_key(conn)
        digests = {post.id: _digests(key, post) for post in posts}
        wanted = [digest for of_post in digests.values() for digest in of_post]
        until = {row.digest: row.until for row in conn.execute(_AMONG, {"digests": wanted})}
        if not until:
            return set()
        return {
            post.id
            for post in posts
            for digest in digests[post.id]
            if digest in until and (until[digest] is None or post.published <= until[digest])
        }

    def known(self, posts: Sequence[Post]) -> set[str]:
        """As `among`, in a transaction of its own."""
        with self._store.reading() as conn:
            return self.among(conn, posts)

    def _read_key(self, conn: Connection) -> bytes:
        if self._key is None:
            found = conn.execute(select(keys.c.value).where(keys.c.name == "forgotten")).scalar_one()
            self._key = bytes.fromhex(found)
        return self._key


def _digests(key: bytes, post: Post) -> list[str]:
    given: list[tuple[Kind, str | None]] = [("post", post.id), ("url", post.url), ("author", post.author)]
    return [_digest(key, kind, value) for kind, value in given if value]


def _digest(key: bytes, kind: Kind, value: str) -> str:
    return blake2b(f"{kind}\0{value}".encode(), key=key, digest_size=16).hexdigest()
