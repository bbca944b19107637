"""Asking the outside: the one way out of this server. It refuses addresses that are not the world's."""

from app.metadata.outbound.client import Answer, Outbound
from app.metadata.outbound.errors import AddressRefused, AnswerTooLarge, OutboundFailed

__all__ = ["AddressRefused", "Answer", "AnswerTooLarge", "Outbound", "OutboundFailed"]
