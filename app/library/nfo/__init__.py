"""NFO files in Kodi's format: bytes → records. Pure; reads no file, knows no table, believes nothing."""

from app.library.nfo.read import MAX_BYTES, read_nfo
from app.library.nfo.record import Nfo, NfoImage, NfoKind, NfoPerson, NfoRating, NfoRecord, NfoStream, NfoTrack

__all__ = [
    "MAX_BYTES",
    "Nfo",
    "NfoImage",
    "NfoKind",
    "NfoPerson",
    "NfoRating",
    "NfoRecord",
    "NfoStream",
    "NfoTrack",
    "read_nfo",
]
