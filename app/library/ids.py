"""Keys, made where all domains may reach it."""

from app.ids import uuid7

__all__ = ["uuid7"]
