"""Agora: a small discussion forum behind a JSON API."""
