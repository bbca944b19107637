"""Real files of every format, tagged as MusicBrainz's own tagger tags them, end in the same words."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.asf import ASF, ASFUnicodeAttribute
from mutagen.flac import FLAC, Picture
from mutagen.id3 import (
    APIC,
    COMM,
    ID3,
    SYLT,
    TALB,
    TBPM,
    TCMP,
    TCOM,
    TCON,
    TCOP,
    TDOR,
    TDRC,
    TIPL,
    TIT2,
    TMCL,
    TPE1,
    TPE2,
    TPOS,
    TPUB,
    TRCK,
    TSO2,
    TSOP,
    TSRC,
    TSST,
    TXXX,
    UFID,
    USLT,
)
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from app.library.media import MediaInfo
from app.library.probing.read import probe
from app.library.tagging import Credit, MusicTags
from tests.fixtures.media import TONE, Media

RECORDING = "11111111-1111-4111-8111-111111111111"
TRACK = "22222222-2222-4222-8222-222222222222"
RELEASE = "33333333-3333-4333-8333-333333333333"
GROUP = "44444444-4444-4444-8444-444444444444"
ALICE = "55555555-5555-4555-8555-555555555555"
BOB = "66666666-6666-4666-8666-666666666666"
LABEL_BAND = "77777777-7777-4777-8777-777777777777"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082".replace(" ", "")
)

EXPECTED = MusicTags(
    title="The Song",
    artist="Alice feat. Bob",
    artists=(
        Credit(name="Alice", sort_name="Alice, A.", musicbrainz_id=ALICE, joinphrase=" feat. "),
        Credit(name="Bob", sort_name="Bob, B.", musicbrainz_id=BOB),
    ),
    album="The Album",
    album_artist="The Band",
    album_artists=(Credit(name="The Band", sort_name="Band, The", musicbrainz_id=LABEL_BAND),),
    track=3,
    track_total=12,
    disc=1,
    disc_total=2,
    disc_title="First Half",
    date="2003-04-01",
    original_date="1971-11-08",
    year=2003,
    original_year=1971,
    genres=("Rock", "Folk"),
    is_compilation=True,
    release_types=("album", "live"),
    labels=("Island",),
    catalog_numbers=("ILPS 1234",),
    barcode="042283427327",
    isrcs=("GBAYE0600001",),
    composers=("Alice", "Carol"),
    copyright="1971 Somebody",
    lyrics="La la\nla",
    bpm=121,
    recording_id=RECORDING,
    track_id=TRACK,
    release_id=RELEASE,
    release_group_id=GROUP,
    track_gain=-7.03,
    track_peak=0.98,
    album_gain=-6.5,
    album_peak=1.01,
)

VORBIS = {
    "TITLE": ["The Song"],
    "ARTIST": ["Alice feat. Bob"],
    "ARTISTS": ["Alice", "Bob"],
    "ARTISTSORT": ["Alice, A. feat. Bob, B."],
    "ALBUM": ["The Album"],
    "ALBUMARTIST": ["The Band"],
    "ALBUMARTISTSORT": ["Band, The"],
    "TRACKNUMBER": ["3"],
    "TRACKTOTAL": ["12"],
    "DISCNUMBER": ["1"],
    "DISCTOTAL": ["2"],
    "DISCSUBTITLE": ["First Half"],
    "DATE": ["2003-04-01"],
    "ORIGINALDATE": ["1971-11-08"],
    "GENRE": ["Rock", "Folk"],
    "COMPILATION": ["1"],
    "RELEASETYPE": ["album", "live"],
    "LABEL": ["Island"],
    "CATALOGNUMBER": ["ILPS 1234"],
    "BARCODE": ["042283427327"],
    "ISRC": ["GBAYE0600001"],
    "COMPOSER": ["Alice", "Carol"],
    "COPYRIGHT": ["1971 Somebody"],
    "LYRICS": ["La la\nla"],
    "BPM": ["121"],
    "MUSICBRAINZ_TRACKID": [RECORDING],
    "MUSICBRAINZ_RELEASETRACKID": [TRACK],
    "MUSICBRAINZ_ALBUMID": [RELEASE],
    "MUSICBRAINZ_RELEASEGROUPID": [GROUP],
    "MUSICBRAINZ_ARTISTID": [ALICE, BOB],
    "MUSICBRAINZ_ALBUMARTISTID": [LABEL_BAND],
    "REPLAYGAIN_TRACK_GAIN": ["-7.03 dB"],
    "REPLAYGAIN_TRACK_PEAK": ["0.98"],
    "REPLAYGAIN_ALBUM_GAIN": ["-6.50 dB"],
    "REPLAYGAIN_ALBUM_PEAK": ["1.01"],
}
FREE = {  # what has no frame or atom of its own; each with the spelling of ID3 and MP4
    "DISCSUBTITLE": "DISCSUBTITLE", "ARTISTS": "ARTISTS", "BARCODE": "BARCODE", "CATALOGNUMBER": "CATALOGNUMBER",
    "MUSICBRAINZ_RELEASETRACKID": "MusicBrainz Release Track Id", "MUSICBRAINZ_ALBUMID": "MusicBrainz Album Id",
    "MUSICBRAINZ_RELEASEGROUPID": "MusicBrainz Release Group Id", "MUSICBRAINZ_ARTISTID": "MusicBrainz Artist Id",
    "MUSICBRAINZ_ALBUMARTISTID": "MusicBrainz Album Artist Id", "RELEASETYPE": "MusicBrainz Album Type",
    "REPLAYGAIN_TRACK_GAIN": "replaygain_track_gain", "REPLAYGAIN_TRACK_PEAK": "replaygain_track_peak",
    "REPLAYGAIN_ALBUM_GAIN": "replaygain_album_gain", "REPLAYGAIN_ALBUM_PEAK": "replaygain_album_peak",
}  # fmt: skip


def id3_frames(tags: ID3, separator: str | None = None) -> None:
    """Fill a tag; with a separator as version 2.3 has it, one value to a frame."""

    def values(*texts: str) -> list[str]:
        return [separator.join(texts)] if separator else list(texts)

    for frame in (
        TIT2(text="The Song"), TPE1(text="Alice feat. Bob"), TSOP(text="Alice, A. feat. Bob, B."),
        TALB(text="The Album"), TPE2(text="The Band"), TSO2(text="Band, The"), TRCK(text="3/12"), TPOS(text="1/2"),
        TSST(text="First Half"), TDRC(text="2003-04-01"), TDOR(text="1971-11-08"), TCON(text=["Rock", "Folk"]),
        TCMP(text="1"), TPUB(text="Island"), TSRC(text="GBAYE0600001"), TCOM(text=["Alice", "Carol"]),
        TCOP(text="1971 Somebody"), TBPM(text="121"), USLT(lang="eng", text="La la\nla"),
        UFID(owner="http://musicbrainz.org", data=RECORDING.encode()),
        UFID(owner="http://www.cddb.com/id3/taginfo1.html", data=b"3CD3"),
        COMM(lang="eng", desc="iTunNORM", text="00000000"),
        APIC(mime="image/png", type=3, desc="front", data=PIXEL),
    ):  # fmt: skip
        tags.add(frame)
    for key, name in FREE.items():
        tags.add(TXXX(desc=name, text=values(*VORBIS[key])))


def tag_id3(path: Path) -> None:
    tags = ID3()
    id3_frames(tags)
    tags.save(path)


def tag_mp4(path: Path) -> None:
    file = MP4(path)
    file.update({
        "©nam": ["The Song"], "©ART": ["Alice feat. Bob"], "soar": ["Alice, A. feat. Bob, B."],
        "©alb": ["The Album"], "aART": ["The Band"], "soaa": ["Band, The"], "trkn": [(3, 12)], "disk": [(1, 2)],
        "©day": ["2003-04-01"], "©gen": ["Rock", "Folk"], "cpil": True, "©wrt": ["Alice", "Carol"],
        "cprt": ["1971 Somebody"], "©lyr": ["La la\nla"], "tmpo": [121],
        "covr": [MP4Cover(PIXEL, imageformat=MP4Cover.FORMAT_PNG)],
    })  # fmt: skip
    names = {
        **FREE,
        "LABEL": "LABEL",
        "ISRC": "ISRC",
        "ORIGINALDATE": "ORIGINALDATE",
        "MUSICBRAINZ_TRACKID": "MusicBrainz Track Id",
    }
    for key, name in names.items():
        file[f"----:com.apple.iTunes:{name}"] = [MP4FreeForm(value.encode()) for value in VORBIS[key]]
    file.save()


def tag_flac(path: Path) -> None:
    file = FLAC(path)
    file.update(VORBIS)
    picture = Picture()
    picture.type, picture.mime, picture.desc, picture.data = 3, "image/png", "front", PIXEL
    picture.width = picture.height = 1
    file.add_picture(picture)
    file.save()


def tag_vorbis(path: Path) -> None:
    file = OggVorbis(path)
    file.update(VORBIS)
    file.save()


def tag_opus(path: Path) -> None:
    """With the gains of its own specification instead of ReplayGain's."""
    file = OggOpus(path)
    file.update({key: value for key, value in VORBIS.items() if "_GAIN" not in key})
    file["R128_TRACK_GAIN"] = [str(round((-7.03 - 5) * 256))]
    file["R128_ALBUM_GAIN"] = [str(round((-6.5 - 5) * 256))]
    file.save()


def tag_ape(path: Path) -> None:
    tags = APEv2()
    names = {"TRACKNUMBER": "Track", "DISCNUMBER": "Disc", "DATE": "Year", "ALBUMARTIST": "Album Artist"}
    for key, value in VORBIS.items():
        tags[names.get(key, key.title())] = value
    tags.save(path)


def tag_asf(path: Path) -> None:
    names = {
        "TITLE": "Title", "ARTIST": "Author", "ARTISTS": "WM/ARTISTS", "ARTISTSORT": "WM/ArtistSortOrder",
        "ALBUM": "WM/AlbumTitle", "ALBUMARTIST": "WM/AlbumArtist", "ALBUMARTISTSORT": "WM/AlbumArtistSortOrder",
        "TRACKNUMBER": "WM/TrackNumber", "TRACKTOTAL": "TotalTracks", "DISCNUMBER": "WM/PartOfSet",
        "DISCTOTAL": "TotalDiscs", "DISCSUBTITLE": "WM/SetSubTitle", "DATE": "WM/Year",
        "ORIGINALDATE": "WM/OriginalReleaseTime", "GENRE": "WM/Genre", "COMPILATION": "WM/IsCompilation",
        "RELEASETYPE": "MusicBrainz/Album Type", "LABEL": "WM/Publisher", "CATALOGNUMBER": "WM/CatalogNo",
        "BARCODE": "WM/Barcode", "ISRC": "WM/ISRC", "COMPOSER": "WM/Composer", "COPYRIGHT": "Copyright",
        "LYRICS": "WM/Lyrics", "BPM": "WM/BeatsPerMinute", "MUSICBRAINZ_TRACKID": "MusicBrainz/Track Id",
        "MUSICBRAINZ_RELEASETRACKID": "MusicBrainz/Release Track Id", "MUSICBRAINZ_ALBUMID": "MusicBrainz/Album Id",
        "MUSICBRAINZ_RELEASEGROUPID": "MusicBrainz/Release Group Id",
        "MUSICBRAINZ_ARTISTID": "MusicBrainz/Artist Id", "MUSICBRAINZ_ALBUMARTISTID": "MusicBrainz/Album Artist Id",
    }  # fmt: skip
    file = ASF(path)
    for key, value in VORBIS.items():
        file[names.get(key, key)] = [ASFUnicodeAttribute(text) for text in value]
    file["WM/Track"] = [ASFUnicodeAttribute("2")]  # counts from 0
    file.save()


def tag_wave(path: Path) -> None:
    file = WAVE(path)
    file.add_tags()
    id3_frames(file.tags)
    file.save()


def tag_aiff(path: Path) -> None:
    file = AIFF(path)
    file.add_tags()
    id3_frames(file.tags)
    file.save()


TAGGERS: dict[str, tuple[tuple[str, ...], Callable[[Path], None]]] = {
    "song.mp3": ((), tag_id3),
    "song.m4a": (("-c:a", "aac"), tag_mp4),
    "alac.m4a": (("-c:a", "alac"), tag_mp4),
    "fragments.m4a": (("-c:a", "aac", "-movflags", "+faststart"), tag_mp4),
    "song.flac": ((), tag_flac),
    "song.ogg": (("-c:a", "libvorbis"), tag_vorbis),
    "song.opus": ((), tag_opus),
    "song.wv": ((), tag_ape),
    "song.tta": ((), tag_id3),
    "song.wma": ((), tag_asf),
    "song.wav": ((), tag_wave),
    "song.aiff": ((), tag_aiff),
}


def read(path: Path) -> MediaInfo:
    file = os.open(path, os.O_RDONLY)
    try:
        return probe(file)
    finally:
        os.close(file)


def tags_of(path: Path) -> MusicTags:
    info = read(path)
    assert info.problem is None
    assert info.music_tags is not None
    return info.music_tags


@pytest.fixture
def song(media: Media, tmp_path: Path) -> Callable[..., Path]:
    """Make a song without tags that a test may write to."""

    def make(name: str, *options: str) -> Path:
        made = media.make(name, *TONE, "-t", "0.5", *options, "-map_metadata", "-1")
        return Path(shutil.copy(made, tmp_path / name))

    return make


@pytest.mark.parametrize("name", TAGGERS)
def test_every_format_says_the_same(song: Callable[..., Path], name: str) -> None:
    options, tag = TAGGERS[name]
    path = song(name, *options)
    tag(path)

    found = tags_of(path)

    assert found == EXPECTED


@pytest.mark.parametrize("name", ["song.mp3", "song.m4a", "song.flac"])
def test_pictures_are_listed_with_what_they_show(song: Callable[..., Path], name: str) -> None:
    options, tag = TAGGERS[name]
    path = song(name, *options)
    tag(path)

    (picture,) = read(path).pictures

    assert (picture.codec, picture.size) == ("png", len(PIXEL))
    if name != "song.m4a":  # which says no more than that it is a cover
        assert (picture.kind, picture.title) == ("Cover (front)", "front")


@pytest.mark.parametrize("separator", ["/", "; "])
def test_version_2_3_joins_values_and_splits_dates(song: Callable[..., Path], separator: str) -> None:
    """One value to a frame, another frame for day and month, and none for how names sort."""
    path = song("song.mp3")
    tags = ID3()
    id3_frames(tags, separator)
    tags.update_to_v23()
    tags.save(path, v2_version=3, v23_sep=separator)

    found = tags_of(path)

    names = [(credit.name, credit.musicbrainz_id, credit.joinphrase) for credit in found.artists]
    assert names == [("Alice", ALICE, " feat. "), ("Bob", BOB, "")]
    assert (found.date, found.original_date, found.release_types) == ("2003-04-01", "1971", ("album", "live"))
    assert found.composers in (EXPECTED.composers, ("Alice/Carol",))


def test_version_2_2_has_names_of_three_letters(song: Callable[..., Path]) -> None:
    def frame(name: bytes, text: bytes) -> bytes:
        return name + (len(text) + 1).to_bytes(3, "big") + b"\0" + text

    frames = (
        frame(b"TT2", b"Old Song")
        + frame(b"TP1", b"Old Artist")
        + frame(b"TRK", b"4/9")
        + frame(b"TYE", b"1999")
        + frame(b"TCO", b"(17)")
    )
    path = song("song.mp3")
    size = bytes([0, 0, len(frames) >> 7, len(frames) & 0x7F])
    path.write_bytes(b"ID3\2\0\0" + size + frames + path.read_bytes())

    found = tags_of(path)

    assert (found.title, found.artist, found.track, found.track_total) == ("Old Song", "Old Artist", 4, 9)
    assert (found.date, found.genres) == ("1999", ("Rock",))


def test_version_1_is_read_where_there_is_nothing_else(song: Callable[..., Path]) -> None:
    path = song("song.mp3", "-write_id3v2", "0", "-id3v2_version", "0")
    old = b"TAG" + b"Title".ljust(30) + b"Artist\0".ljust(30) + b"Album".ljust(30) + b"1987" + bytes(28) + b"\0\7\x11"
    path.write_bytes(path.read_bytes() + old)

    found = tags_of(path)

    assert (found.title, found.artist, found.album) == ("Title", "Artist", "Album")
    assert (found.date, found.track, found.genres) == ("1987", 7, ("Rock",))


def test_people_and_timed_lyrics_of_id3(song: Callable[..., Path]) -> None:
    path = song("song.mp3")
    tags = ID3()
    tags.add(TMCL(people=[["violin", "Alice"], ["drums", "Bob"]]))
    tags.add(TIPL(people=[["producer", "Nobody"], ["conductor", "Carol"]]))
    tags.add(SYLT(lang="eng", format=2, type=1, text=[("La", 1_500), ("la", 61_250)]))
    tags.save(path)

    found = tags_of(path)

    assert (found.performers, found.conductors) == (("Alice", "Bob"), ("Carol",))
    assert found.lyrics == "[00:01.50]La\n[01:01.25]la"


def test_gains_that_mp3gain_left_beside_id3_are_found(song: Callable[..., Path]) -> None:
    path = song("song.mp3")
    tag_id3(path)
    tags = ID3(path)
    tags.delall("TXXX:replaygain_track_gain")
    tags.save(path)
    beside = APEv2()
    beside["REPLAYGAIN_TRACK_GAIN"] = "-3.21 dB"
    beside["Title"] = "Not this"
    beside.save(path)

    found = tags_of(path)

    assert (found.track_gain, found.title) == (-3.21, "The Song")


def test_what_mutagen_does_not_read_the_library_for_films_does(media: Media) -> None:
    """Matroska, and the INFO list of WAV: one value each, but better than none."""
    words = ("-metadata", "title=The Song", "-metadata", "artist=Alice / Bob", "-metadata", "album=The Album")
    for name in ("song.mka", "list.wav"):
        found = tags_of(media.make(name, *TONE, *words))
        assert (found.title, found.album, [credit.name for credit in found.artists]) == (
            "The Song",
            "The Album",
            ["Alice", "Bob"],
        )


def test_a_film_has_no_music_tags(media: Media) -> None:
    assert read(media.film()).music_tags is None


@pytest.mark.parametrize("name", TAGGERS)
def test_damaged_tags_say_nothing_and_cost_nothing(song: Callable[..., Path], name: str) -> None:
    """Whatever is left of them may be said; the sound is described as before, or is a problem."""
    options, tag = TAGGERS[name]
    path = song(name, *options)
    tag(path)
    whole = path.read_bytes()
    for at in range(0, min(len(whole), 2_000), 197):
        path.write_bytes(whole[:at] + b"\xff\x7f\xff\xff" + whole[at + 4 :])
        info = read(path)
        assert info.problem or info.streams


def test_a_tag_of_a_million_values_is_cut_short(song: Callable[..., Path]) -> None:
    path = song("song.flac")
    file = FLAC(path)
    file["GENRE"] = [str(number) for number in range(100_000)]
    file["LYRICS"] = "la" * 2_000_000
    file["TITLE"] = "x" * 1_000_000
    file.save()

    found = tags_of(path)

    assert len(found.genres) <= 100
    assert len(found.lyrics or "") <= 100_000
    assert len(found.title or "") <= 4_000
