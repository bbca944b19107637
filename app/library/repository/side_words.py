"""Subtitles beside media as one chooses from them: each track of a VobSub, and any other file. Parts of SQL."""

TRACKS = "LEFT JOIN LATERAL jsonb_array_elements(side_file.tracks) WITH ORDINALITY AS track (said, number) ON TRUE"

_EITHER = """
    CASE WHEN jsonb_array_length(side_file.tracks) = 1
        THEN coalesce(side_file.{0}, track.said ->> '{0}') ELSE coalesce(track.said ->> '{0}', side_file.{0})
    END AS {0}
"""

COLUMNS = f"{_EITHER.format('language')}, {_EITHER.format('title')}, (track.number - 1)::integer AS track"
"""What the file's name says is said of its only track; of several, each has its own word. `track` is null otherwise."""

ORDER = "side_file.name, track.number"
"""Which everybody numbers them by."""
