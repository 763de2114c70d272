"""Telegram: public channels by their web page; channels, chats and comments by the API."""
