"""Real media as people keep them: films, shows, anime and music, made by ffmpeg and tagged, a few seconds each."""

import shutil
from pathlib import Path
from typing import Any

from mutagen.flac import FLAC

from tests.fixtures.media import Media
from tests.fixtures.pictures import encoded, quarters
from tests.fixtures.tree import write_tree

SOLARIS = """<movie><title>Solaris</title><originaltitle>Солярис</originaltitle><year>1972</year>
<plot>A psychologist is sent to a station above an ocean that thinks.</plot><genre>Drama</genre>
<uniqueid type="imdb">tt0069293</uniqueid><actor><name>Natalya Bondarchuk</name><role>Hari</role></actor></movie>"""

DARK = """<tvshow><title>Dark</title><plot>Children vanish in Winden.</plot><status>Ended</status>
<uniqueid type="tvdb">334824</uniqueid></tvshow>"""

DARK_TWO = """<episodedetails><title>Lies</title><season>1</season><episode>2</episode></episodedetails>
<episodedetails><title>Past and Present</title><season>1</season><episode>3</episode></episodedetails>"""

SUBTITLES = "1\n00:00:00,000 --> 00:00:01,000\nHello\n"


def write_films(root: Path, media: Media) -> Path:
    """Write versions, editions, parts and extras of films, two films in one folder, and what lies beside them."""
    blade, solaris, iron = "Blade Runner (1982) {imdb-tt0083658}", "Solaris (1972)", "Iron Man"
    mkv, large = media.film(), media.everything()
    copy(mkv, root / blade / "Blade Runner (1982) {edition-Final Cut} - 2160p.mkv")
    copy(large, root / blade / "Blade Runner (1982) {edition-Theatrical} - 720p.mkv")
    copy(mkv, root / blade / "Blade Runner (1982)-trailer.mkv")
    copy(media.hdr10(), root / solaris / "Solaris (1972) - 1080p.mkv")
    copy(media.mp4(), root / solaris / "Solaris (1972) - 480p.mp4")
    copy(media.avi(), root / "Ben-Hur (1959)" / "Ben-Hur (1959)-cd1.avi")
    copy(media.avi(), root / "Ben-Hur (1959)" / "Ben-Hur (1959)-cd2.avi")
    copy(mkv, root / iron / "Iron Man (2008).mkv")
    copy(mkv, root / iron / "Iron Man 2 (2010).mkv")
    copy(mkv, root / "The.Wolf.of.Wall.Street.2013.1080p.BluRay.x264-GRP.mkv")
    poster = encoded(quarters(), "JPEG")
    beside = {"movie.nfo": SOLARIS, "poster.jpg": poster, "Solaris (1972) - 1080p.de.forced.srt": SUBTITLES}
    return write_tree(root, {f"{solaris}/{name}": content for name, content in beside.items()})


def write_shows(root: Path, media: Media) -> Path:
    """Write a show with specials and several episodes in a file, one of dates, and anime of absolute numbers."""
    film, dark = media.film(), "Dark (2017)"
    names = (
        f"{dark}/Season 1/Dark S01E01 Secrets.mkv",
        f"{dark}/Season 1/Dark S01E02-E03.mkv",
        f"{dark}/Staffel 2/Dark.S02E01.1080p.WEB-DL.x264-GRP.mkv",
        f"{dark}/Specials/Dark S00E01 Making Of.mkv",
        "The Late Show/The.Late.Show.2017.04.20.Anne.Hathaway.720p.mkv",
        "Hunter x Hunter (2011)/[HorribleSubs] Hunter x Hunter - 136 [720p].mkv",
        "Hunter x Hunter (2011)/[HorribleSubs] Hunter x Hunter - 137v2 [720p].mkv",
        "Oshi no Ko/[Erai-raws] Oshi no Ko 2nd Season - 12 [1080p].mkv",
    )
    for name in names:
        copy(film, root / name)
    return write_tree(root, {f"{dark}/tvshow.nfo": DARK, f"{dark}/Season 1/Dark S01E02-E03.nfo": DARK_TWO})


def write_music(root: Path, media: Media) -> Path:
    """Write an album on two discs, one with guests, and a compilation. The paths say less than the tags."""
    song = media.song()
    for disc, number, title in ((1, 1, "Dorian"), (1, 2, "Lydian"), (2, 1, "Locrian")):
        tags = {"album": "Modes", "albumartist": "The Scales", "date": "1999-05-01", "releasetype": "album"}
        path = root / "scales" / f"cd{disc}" / f"track{number}.flac"
        tag(song, path, title=title, artist="The Scales", discnumber=disc, tracknumber=number, **tags)
    tag(
        song,
        root / "scales" / "guests.flac",
        title="Together", album="Guests", albumartist="The Scales", artist="The Scales feat. Ada & Grace",
        artists=["The Scales", "Ada", "Grace"], tracknumber=1, replaygain_track_gain="-7.03 dB",
        musicbrainz_albumid="5f2c8b0e-5d62-4a7d-9c1b-0c1f7a3e9d11",
    )  # fmt: skip
    for number, artist in enumerate(("Ada", "Grace", "Björk"), start=1):
        tags = {"album": "Various Nights", "albumartist": "Various Artists", "compilation": 1, "date": 2004}
        path = root / "Compilations" / f"{number}.flac"
        tag(song, path, title=f"Night {number}", artist=artist, tracknumber=number, **tags)
    return root


def copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    return target


def tag(source: Path, target: Path, **tags: Any) -> None:
    song = FLAC(copy(source, target))
    song.delete()
    for name, value in tags.items():
        song[name] = value if isinstance(value, list) else [str(value)]
    song.save()
