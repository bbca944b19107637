"""What can go wrong between a file and a screen."""

from uuid import UUID

from app.errors import AppError, Conflict, NotFound, Unavailable


class NotPlayable(Conflict):
    """There is nothing in the file that could be sent to this client in any form."""

    code = "not_playable"


class PlaybackNotFound(NotFound):
    def __init__(self, playback_id: UUID) -> None:
        super().__init__("playback", playback_id)


class NoSuchSegment(NotFound):
    """The name is none of this rendition's."""

    def __init__(self, name: str) -> None:
        super().__init__("segment", name)


class SegmentDelayed(Unavailable):
    """It is being made and has not come in time: players ask again."""

    code = "segment_delayed"


class TranscodeFailed(AppError):
    """FFmpeg could not make it. Its own last words, without paths, say why."""

    code = "transcode_failed"


class CacheFull(Unavailable):
    """There is no room for another segment, and nothing that may be removed."""

    code = "cache_full"


class CacheUnavailable(Unavailable):
    """The disk of the segments does not take any: offline, read-only, broken."""

    code = "cache_unavailable"


class FfmpegMissing(Unavailable):
    code = "ffmpeg_missing"


NOT_MADE = (TranscodeFailed, CacheFull, CacheUnavailable, FfmpegMissing)
"""Why there is no segment: kept on its transcode's row, and told to whoever asks for it meanwhile."""


def not_made(code: str | None, text: str) -> AppError:
    """Return a failure as it was, from what was kept of it."""
    return next((kind for kind in NOT_MADE if kind.code == code), TranscodeFailed)(text)
