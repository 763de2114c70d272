"""Cleaning, lemmas, masking, author hash: pure functions over Russian text."""
