"""What can go wrong with sources, as their callers may meet it. No text holds a key."""

from datetime import timedelta
from uuid import UUID

from app.errors import AppError, Conflict, InvalidInput, NotFound, Unavailable


class SourceWaits(Unavailable):
    """Not now: it is another's turn, the source asked us to wait, or it is down. Asking later is all there is to do."""

    code = "source_waits"

    def __init__(
        self, source: str, wait: timedelta, reason: str, *, is_queue: bool = False, is_down: bool = False
    ) -> None:
        super().__init__(f"{source} is not asked for {wait.total_seconds():.0f} s: {reason}")
        self.source = source
        self.wait = wait
        self.reason = reason
        self.is_queue = is_queue
        """Nothing is wrong: too many others were first."""
        self.cause = "queue" if is_queue else "down" if is_down else "asked"


class SourceFailed(Unavailable):
    """The source did not answer, or not with sense."""

    code = "source_failed"

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class NotKnown(NotFound):
    """The source says that there is no such thing."""

    code = "not_known_to_source"

    def __init__(self, source: str, external_id: str) -> None:
        super().__init__(f"record of {source}", external_id)
        self.source = source
        self.external_id = external_id


class UnknownSource(InvalidInput):
    def __init__(self, field: str, name: str, known: list[str]) -> None:
        super().__init__(field, f"there is no source {name!r}; there are {', '.join(known) or 'none here'}")
        self.name = name


class SourceWithoutKey(InvalidInput):
    """A source that needs a key was named, and there is none."""

    def __init__(self, field: str, name: str) -> None:
        super().__init__(field, f"{name} needs a key; see docs/metadata.md")
        self.name = name


class NotMatchable(InvalidInput):
    """Seasons, episodes and tracks follow what is above them."""

    def __init__(self, kind: str) -> None:
        super().__init__("item", f"{kind} items are not matched by themselves: match what they belong to")
        self.kind = kind


class NotCounted(InvalidInput):
    """Only the episodes of a series are counted in one order or another."""

    def __init__(self, kind: str) -> None:
        super().__init__("item", f"{kind} items have no order of their own: choose that of a series")
        self.kind = kind


class NothingAsked(Conflict):
    """A library whose sources are none."""

    code = "no_sources"

    def __init__(self, library_id: UUID) -> None:
        super().__init__(f"no source is asked about the library {library_id}; name some (docs/metadata.md)")
        self.library_id = library_id


class BrokenRecord(AppError):
    """A source's answer has no sense at all: not one odd field, but none that says what it is about."""

    code = "broken_record"

    def __init__(self, source: str, external_id: str) -> None:
        super().__init__(f"{source} answered nothing usable about {external_id}")
