"""The decisions about pairs of posts that a ruling by hand comes down to: pure functions.

Whatever a ruling leaves together on the screen it holds together, and whatever it takes apart it keeps apart: the
machine may add posts to a part and never moves those that were there.
"""

from collections.abc import Collection, Iterable, Sequence

from store import Decision, Link, Member

Links = list[tuple[Link, str, str]]


def together(posts: Sequence[str]) -> Links:
    """Hold these posts together: each is tied to the first. A chain would say the same, but lead from one end to the
    other only in as many steps as it is long."""
    return [(Link.MUST, posts[0], other) for other in posts[1:]]


def merged(parts: Iterable[Sequence[str]]) -> Links:
    """All of these are one matter."""
    return together([post for part in parts for post in part])


def split(taken: Sequence[str], rest: Sequence[str], known: Iterable[Decision]) -> Links:
    """`taken` is a matter, and `rest` is another. `known` are the decisions in force about any of these posts."""
    return [
        *together(taken),
        *together(rest),
        (Link.CANNOT, taken[0], rest[0]),
        *_inherited([taken, rest], {*taken, *rest}, known),
    ]


def moved(
    sources: Sequence[tuple[Sequence[str], Sequence[str]]], target: Sequence[str], known: Iterable[Decision]
) -> Links:
    """What is taken from each source (taken, rest) is of one matter with `target`, and not with the rest of it.

    `known` are the decisions in force about any post of the sources.
    """
    known = list(known)
    found = together([*target, *(post for taken, _ in sources for post in taken)])
    for taken, rest in sources:
        if rest:
            found += [*together(rest), (Link.CANNOT, rest[0], target[0])]
            found += _inherited([rest], {*taken, *rest, *target}, known)
    return found


def held(lost: Iterable[Member], around: Collection[Member]) -> Links:
    """What holds posts that nothing will tie any more where they are: their surest tie, and those of which they were
    the surest. `around` are the posts of their incidents. What only people tied is held by their decisions.
    """
    home = {post.id: post.incident for post in around}
    losing = {post.id for post in lost}
    ties = {
        (min(post.id, post.attached_to), max(post.id, post.attached_to))
        for post in around
        if post.attached_to is not None and home.get(post.attached_to) == post.incident
    }
    return [(Link.MUST, one, other) for one, other in sorted(ties) if losing & {one, other}]


def _inherited(parts: Sequence[Sequence[str]], whole: Collection[str], known: Iterable[Decision]) -> Links:
    """What the whole was kept apart from, each part stays apart from."""
    enemies = set()
    for one in known:
        if one.kind is Link.CANNOT and (one.left in whole) != (one.right in whole):
            enemies.add(one.right if one.left in whole else one.left)
    return [(Link.CANNOT, part[0], enemy) for part in parts for enemy in sorted(enemies)]
