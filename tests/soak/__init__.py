"""A world that writes, edits and deletes while crawlers are cut off, refused and killed; at the end nothing may differ.

`python -m tests.soak --minutes 10 --seed 1` prints what happened and what was compared, and fails on any difference.
"""
