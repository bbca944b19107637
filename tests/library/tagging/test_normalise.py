"""What fields mean, whoever wrote them. No file is needed for that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.library.tagging import Credit, MusicTags, numbers
from app.library.tagging.fields import Fields, add, name_of
from app.library.tagging.normalise import normalise
from app.library.tagging.tags import VARIOUS_ARTISTS

A = "11111111-1111-4111-8111-111111111111"
B = "22222222-2222-4222-8222-222222222222"
C = "33333333-3333-4333-8333-333333333333"


def fields(**values: str | list[str]) -> Fields:
    made: Fields = {}
    for name, value in values.items():
        add(made, name, [value] if isinstance(value, str) else value)
    return made


def names(tags: MusicTags) -> list[str]:
    return [credit.name for credit in tags.artists]


@pytest.mark.parametrize(
    ("key", "ours"),
    [
        ("MusicBrainz Album Id", "release_id"),
        ("MUSICBRAINZ_ALBUMID", "release_id"),
        ("MusicBrainz/Album Id", "release_id"),
        ("musicbrainz_trackid", "recording_id"),
        ("MUSICBRAINZ_RELEASETRACKID", "track_id"),
        ("ALBUM ARTIST", "album_artist"),
        ("Album_Artist", "album_artist"),
        ("WM/AlbumArtist", "album_artist"),
        ("WM/SetSubTitle", "disc_title"),
        ("TOTALTRACKS", "track_total"),
        ("RELEASETYPE", "release_type"),
        ("MusicBrainz Album Type", "release_type"),
        ("iTunNORM", None),
        ("", None),
        ("…", None),
    ],
)
def test_one_field_has_many_names(key: str, ours: str | None) -> None:
    assert name_of(key) == ours


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("AC/DC", ["AC/DC"]),
        ("Simon & Garfunkel", ["Simon & Garfunkel"]),
        ("Tyler, the Creator", ["Tyler, the Creator"]),
        ("Earth, Wind & Fire", ["Earth, Wind & Fire"]),
        ("Little Feat", ["Little Feat"]),
        ("Little Feat & Friends", ["Little Feat & Friends"]),
        ("10 Ft Ganja Plant", ["10 Ft Ganja Plant"]),
        ("Nick Cave and the Bad Seeds", ["Nick Cave and the Bad Seeds"]),
        ("Guns N&apos; Roses", ["Guns N&apos; Roses"]),
        ("Belle &amp; Sebastian", ["Belle &amp; Sebastian"]),
        ("A;B", ["A", "B"]),
        ("A; B ;C", ["A", "B", "C"]),
        ("A / B", ["A", "B"]),
        ("A feat. B", ["A", "B"]),
        ("A Feat. B; C", ["A", "B", "C"]),
        ("A featuring B", ["A", "B"]),
        ("A ft. B", ["A", "B"]),
        ("A (feat. B)", ["A", "B"]),
        ("A [ft. B]", ["A", "B"]),
        ("A (feat. B (the band))", ["A", "B (the band)"]),
        ("; A", ["; A"]),
        ("A;", ["A;"]),
        (";", [";"]),
    ],
)
def test_a_printed_credit_is_split_only_where_it_must_be(printed: str, expected: list[str]) -> None:
    assert names(normalise(fields(artist=printed))) == expected


def test_several_values_are_several_artists_and_never_split_further() -> None:
    tags = normalise(fields(artist=["A / B", "C; D"]))

    assert names(tags) == ["A / B", "C; D"]
    assert tags.artist == "A / B, C; D"


def test_the_printed_credit_tells_what_joins_the_listed_names() -> None:
    tags = normalise(
        fields(
            artist="Queen & David Bowie feat. Somebody",
            artists=["Queen", "David Bowie", "Somebody"],
            artist_sort="Queen & Bowie, David feat. Body, Some",
            artist_id=[A, B, C],
        )
    )

    assert tags.artist == "Queen & David Bowie feat. Somebody"
    assert tags.artists == (
        Credit(name="Queen", sort_name="Queen", musicbrainz_id=A, joinphrase=" & "),
        Credit(name="David Bowie", sort_name="Bowie, David", musicbrainz_id=B, joinphrase=" feat. "),
        Credit(name="Somebody", sort_name="Body, Some", musicbrainz_id=C),
    )
    assert "".join(credit.name + credit.joinphrase for credit in tags.artists) == tags.artist


def test_names_that_are_not_in_the_printed_credit_are_joined_by_commas() -> None:
    tags = normalise(fields(artist="The Purple One with friends", artists=["Prince", "Sheila E."]))

    assert tags.artist == "The Purple One with friends"
    assert [(credit.name, credit.joinphrase) for credit in tags.artists] == [("Prince", ", "), ("Sheila E.", "")]


def test_one_identifier_keeps_a_name_together() -> None:
    """Whatever it looks like: the tags say that it is one artist."""
    (credit,) = normalise(fields(artist="Foo / Bar; Baz", artist_id=A)).artists

    assert (credit.name, credit.musicbrainz_id) == ("Foo / Bar; Baz", A)


def test_as_many_identifiers_as_parts_split_what_would_be_doubtful_otherwise() -> None:
    tags = normalise(fields(artist="Alice & Bob x Carol", artist_id=f"{A}/{B}; {C.upper()}"))

    assert [(credit.name, credit.musicbrainz_id, credit.joinphrase) for credit in tags.artists] == [
        ("Alice", A, " & "),
        ("Bob", B, " x "),
        ("Carol", C, ""),
    ]


def test_identifiers_that_do_not_fit_are_nobodys() -> None:
    tags = normalise(fields(artist="A; B", artist_id=[A, B, C]))

    assert [(credit.name, credit.musicbrainz_id) for credit in tags.artists] == [("A", None), ("B", None)]


def test_semicolons_of_programs_are_not_shown_to_people() -> None:
    tags = normalise(fields(artist="A;B", album_artist="C; D"))

    assert (tags.artist, tags.album_artist) == ("A, B", "C, D")


@pytest.mark.parametrize(
    ("listed", "printed", "expected"),
    [
        ("AC/DC/Queen", "AC/DC feat. Queen", ["AC/DC", "Queen"]),
        ("AC/DC", "AC/DC", ["AC/DC"]),
        ("A/B/C", "A, B & C", ["A", "B", "C"]),
        ("A/B", "Somebody else", ["A/B"]),
    ],
)
def test_a_slash_of_old_id3_is_undone_where_the_credit_tells(listed: str, printed: str, expected: list[str]) -> None:
    assert names(normalise(fields(artists=listed, artist=printed), is_slashed=True)) == expected
    assert names(normalise(fields(artists=listed, artist=printed))) == [listed]


def test_album_artists_are_credited_alike() -> None:
    tags = normalise(
        fields(album_artist="A & B", album_artists=["A", "B"], album_artist_sort="A & B", album_artist_id=[A, B])
    )

    assert [(credit.name, credit.joinphrase, credit.musicbrainz_id) for credit in tags.album_artists] == [
        ("A", " & ", A),
        ("B", "", B),
    ]


def test_a_compilation_is_told_by_its_flag_or_by_musicbrainz() -> None:
    assert normalise(fields(compilation="1")).is_compilation
    assert not normalise(fields(compilation="0")).is_compilation
    assert not normalise(fields()).is_compilation
    assert normalise(fields(album_artist="Diverse", album_artist_id=VARIOUS_ARTISTS)).is_compilation


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", (3, None)),
        ("03/12", (3, 12)),
        ("3 of 12", (3, 12)),
        ("3/0", (3, None)),
        ("0", (None, None)),
        ("0/12", (None, 12)),
        ("3.0", (3, None)),
        ("A1", (None, None)),
        ("-3", (None, None)),
        ("99999999999999999999", (None, None)),
        ("", (None, None)),
        (None, (None, None)),
    ],
)
def test_numbers(value: str | None, expected: tuple[int | None, int | None]) -> None:
    assert numbers.number_and_total(value) == expected


def test_a_total_of_its_own_wins() -> None:
    tags = normalise(fields(track="3/10", track_total="12", disc="1"))

    assert (tags.track, tags.track_total, tags.disc, tags.disc_total) == (3, 12, 1, None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1997", "1997"),
        ("1997-05", "1997-05"),
        ("1997-05-21", "1997-05-21"),
        ("1997-5-1", "1997-05-01"),
        ("1997-05-21T10:00:00Z", "1997-05-21"),
        ("1997-05-21 10:00:00", "1997-05-21"),
        ("1997.05.21", "1997-05-21"),
        ("19970521", "1997-05-21"),
        ("1997-00-00", "1997"),
        ("1997-02-31", "1997"),
        ("1997-13", "1997"),
        ("1997-1998", "1997"),
        ("21.05.1997", "1997"),
        ("(P) 1997 Somebody", "1997"),
        ("0000", None),
        ("97", None),
        ("12345678901234", None),
        ("", None),
    ],
)
def test_dates_go_as_far_as_they_are_known(value: str, expected: str | None) -> None:
    assert numbers.iso_date(value) == expected


def test_the_fullest_date_wins_and_gives_the_year() -> None:
    tags = normalise(fields(date="2003", release_date="2003-04-01", original_year="1971"))

    assert (tags.date, tags.year, tags.original_date, tags.original_year) == ("2003-04-01", 2003, "1971", 1971)


@pytest.mark.parametrize(
    ("value", "gain"),
    [
        ("-7.03 dB", -7.03),
        ("−7,03 dB", -7.03),
        ("+2.5", 2.5),
        ("-.5 dB", -0.5),
        ("1e9", 1.0),
        ("999 dB", None),
        ("x", None),
    ],
)
def test_gains(value: str, gain: float | None) -> None:
    assert numbers.decibels(value) == gain


def test_a_gain_of_opus_becomes_replaygain() -> None:
    """-23 LUFS is its reference; 1/256 dB its unit. An explicit ReplayGain is believed first."""
    assert normalise(fields(r128_track_gain="-1280")).track_gain == 0.0
    assert normalise(fields(r128_track_gain="-1280", track_gain="-3 dB")).track_gain == -3.0


def test_lists_are_split_with_care_and_not_repeated() -> None:
    tags = normalise(
        fields(
            genre=["Rock; Pop", "rock", "Hip-Hop/Rap", "Folk, World, & Country", "A / B"],
            release_type="Album; Live",
            isrc=["GB-AYE-06-00001", "nonsense", "gbaye0600001"],
            composer="Lennon, John; McCartney, Paul",
            label=["One", "Two; Three"],
        )
    )

    assert tags.genres == ("Rock", "Pop", "Hip-Hop/Rap", "Folk, World, & Country", "A", "B")
    assert tags.release_types == ("album", "live")
    assert tags.isrcs == ("GBAYE0600001",)
    assert tags.composers == ("Lennon, John", "McCartney, Paul")
    assert tags.labels == ("One", "Two", "Three")


def test_lyrics_with_times_win_and_keep_their_lines() -> None:
    assert normalise(fields(lyrics=["plain", "[00:12.00]timed\r\n[00:13.00]on"])).lyrics == (
        "[00:12.00]timed\n[00:13.00]on"
    )


def test_what_is_no_identifier_is_none() -> None:
    tags = normalise(fields(recording_id="see website", release_id=f"http://musicbrainz.org/release/{A.upper()}"))

    assert (tags.recording_id, tags.release_id) == (None, A)


def test_a_nul_separates_values_and_control_characters_go() -> None:
    assert normalise(fields(genre="Rock\0Pop\x07\0")).genres == ("Rock", "Pop")
    assert normalise(fields(title="a\n\tb \ud800")).title == "a b ?"


@given(
    st.dictionaries(
        st.sampled_from(
            ["artist", "artists", "artist_sort", "artist_id", "album_artist", "track", "date", "genre", "isrc", "bpm",
             "track_gain", "track_peak", "lyrics", "release_type", "original_date", "r128_album_gain"]
        ),
        st.lists(st.text(alphabet="AB/;,& feat.()0123456789-\0é\ud800", max_size=40), max_size=4),
    ),
    st.booleans(),
)  # fmt: skip
def test_any_nonsense_means_something_that_can_be_stored(raw: dict[str, list[str]], is_slashed: bool) -> None:
    import msgspec

    made: Fields = {}
    for name, values in raw.items():
        add(made, name, values)

    tags = normalise(made, is_slashed=is_slashed)

    encoded = msgspec.json.encode(tags)
    assert msgspec.json.decode(encoded, type=MusicTags) == tags
    assert b"\\u0000" not in encoded
    assert all(credit.name.strip() for credit in (*tags.artists, *tags.album_artists))
