"""Telegram: public channels by their web page."""
