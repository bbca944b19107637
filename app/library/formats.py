"""Which files we take for media, by extension, and which demuxers may open them.

The list of demuxers is what keeps a playlist, a script or a URL list that calls itself `film.mkv` from being followed:
those formats are not on it, so a prober refuses them whatever they contain (media-format by content, never by trust).
"""

from app.library.kinds import FileKind, LibraryKind

VIDEO_EXTENSIONS = frozenset(
    b"3g2 3gp asf avi divx dv dvr-ms f4v flv iso m1v m2ts m2v m4v mk3d mkv mov mp4 mpeg mpg mts mxf nut ogm ogv "
    b"rm rmvb ts vob webm wmv wtv".split()
)
AUDIO_EXTENSIONS = frozenset(
    b"aac ac3 aif aiff ape dff dsf dts eac3 flac m4a m4b mka mp2 mp3 mpc oga ogg opus tta wav wma wv".split()
)

DEMUXERS = (
    "aac,ac3,aiff,ape,asf,avi,dsf,dts,dtshd,dv,eac3,flac,flv,h264,hevc,iff,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,"
    "mp3,mpc,mpc8,mpeg,mpegts,mpegvideo,mxf,nut,ogg,rm,truehd,tta,wav,w64,wtv,wv"
)
"""FFmpeg's names, as its `format_whitelist` takes them."""

KINDS: dict[LibraryKind, FileKind] = {
    LibraryKind.MOVIES: FileKind.VIDEO,
    LibraryKind.TVSHOWS: FileKind.VIDEO,
    LibraryKind.MUSIC: FileKind.AUDIO,
}


def extensions_for(kind: LibraryKind) -> frozenset[bytes]:
    """Return the extensions, lower-case, of what a library of this kind records."""
    return VIDEO_EXTENSIONS if KINDS[kind] is FileKind.VIDEO else AUDIO_EXTENSIONS


def extension_of(name: bytes) -> bytes:
    """Return the extension as it is; empty for none, and for names that are nothing but one."""
    stem, _, extension = name.rpartition(b".")
    return extension if stem else b""
