"""What can go wrong on the way out. No text quotes more of an address than its host: the rest may hold a key."""

from app.errors import Refused, Unavailable


class AddressRefused(Refused):
    """An address that must not be asked: of this machine, of this network, or none that we speak with at all."""

    code = "address_refused"

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host} is not asked: {reason}")
        self.host = host
        self.reason = reason


class OutboundFailed(Unavailable):
    """Nothing whole came back: no name, no connection, no end, no sense."""

    code = "outbound_failed"

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.host = host
        self.reason = reason


class AnswerTooLarge(OutboundFailed):
    code = "answer_too_large"

    def __init__(self, host: str, most: int) -> None:
        super().__init__(host, f"the answer is larger than {most} bytes")
        self.most = most
