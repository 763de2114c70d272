"""Cleaning, lemmas, masking, author hash: pure functions over Russian text."""

from text.author import AuthorHasher
from text.clean import MAX_CHARS, clean, clean_cut
from text.lemma import Token, lemma, lemmas, morph, normal, tokens
from text.mask import mask, mask_url
from text.signature import likeness, signature

__all__ = [
    "MAX_CHARS",
    "AuthorHasher",
    "Token",
    "clean",
    "clean_cut",
    "lemma",
    "lemmas",
    "likeness",
    "mask",
    "mask_url",
    "morph",
    "normal",
    "signature",
    "tokens",
]
