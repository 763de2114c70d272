"""Cleaning, lemmas, masking, author hash: pure functions over Russian text."""

from text.author import AuthorHasher
from text.clean import clean, clean_cut
from text.cut import Cut, Sentence, cut
from text.language import language
from text.lemma import Token, lemma, lemmas, morph, normal, normal_words, tokens
from text.limits import MAX_CHARS
from text.mask import mask, mask_url
from text.signature import likeness, signature, signatures

__all__ = [
    "MAX_CHARS",
    "AuthorHasher",
    "Cut",
    "Sentence",
    "Token",
    "clean",
    "clean_cut",
    "cut",
    "language",
    "lemma",
    "lemmas",
    "likeness",
    "mask",
    "mask_url",
    "morph",
    "normal",
    "normal_words",
    "signature",
    "signatures",
    "tokens",
]
