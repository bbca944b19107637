"""What an NFO says, over a corpus of documents, and that there is an answer to any bytes."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.library.nfo import Nfo, NfoKind, NfoPerson, NfoRating, read_nfo
from app.library.nfo.values import day, minutes
from tests.library.nfo.documents import DOCUMENTS, EPISODES, FULL_MOVIE, Document

UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_document_says_what_it_says(document: Document) -> None:
    nfo = read_nfo(document.content)

    said = [
        {name: getattr(record, name) for name in expected}
        for record, expected in zip(nfo.records, document.expected, strict=True)
    ]
    assert said == document.expected
    if document.problem is None:
        assert nfo.problem is None
    else:
        assert document.problem in (nfo.problem or "")


def test_the_corpus_is_a_corpus() -> None:
    assert len(DOCUMENTS) >= 40
    assert len({document.name for document in DOCUMENTS}) == len(DOCUMENTS)


def record(content: str) -> Nfo:
    return read_nfo(content.encode())


def test_people_come_in_the_order_of_the_credits_then_the_crew() -> None:
    (film,) = record(FULL_MOVIE).records

    assert film.people == (
        NfoPerson(name="First", role="actor", character="Keeper", order=0, thumb="https://images.invalid/a.jpg"),
        NfoPerson(name="Second", role="actor", character="Wife", order=1),
        NfoPerson(name="Unordered", role="actor", ids=(("tmdb", "77"),)),
        NfoPerson(name="Bo Director", role="director"),
        NfoPerson(name="Ana Writer", role="writer"),
    )


def test_ratings_that_make_no_sense_are_left_out() -> None:
    (film,) = record(FULL_MOVIE).records

    assert film.ratings == (
        NfoRating(name="imdb", value=7.3, votes=12345),
        NfoRating(name="themoviedb", value=7.1, votes=987, is_default=True),
        NfoRating(name="metacritic", value=68.0, scale=100.0),
    )


def test_pictures_are_addresses_of_the_web_only() -> None:
    (film,) = record(FULL_MOVIE).records

    assert [(image.role, image.url) for image in film.images] == [
        ("poster", "https://images.invalid/poster.jpg"),
        ("thumb", "https://images.invalid/land.jpg"),
        ("logo", "https://images.invalid/logo.png"),
        ("backdrop", "https://images.invalid/fan.jpg"),
    ]


def test_a_picture_of_an_episode_is_a_still_and_its_guests_are_guests() -> None:
    episode = record(EPISODES).records[0]

    assert [(image.role, image.url) for image in episode.images] == [("thumb", "https://images.invalid/still.jpg")]
    assert [(person.name, person.role, person.character) for person in episode.people] == [
        ("Guest Person", "guest", "Man")
    ]


def test_what_the_file_was_found_to_hold_is_kept() -> None:
    (film,) = record(FULL_MOVIE).records

    video, audio, subtitle = film.streams
    assert (video.kind, video.codec, video.width, video.duration_seconds) == ("video", "h264", 1920, 7020)
    assert (audio.kind, audio.language, audio.channels) == ("audio", "eng", 6)
    assert (subtitle.kind, subtitle.language) == ("subtitle", "fre")


def test_the_artists_of_an_album_keep_what_joins_their_names() -> None:
    (document,) = [document for document in DOCUMENTS if document.name == "an album by two"]
    (album,) = read_nfo(document.content).records

    assert album.people == (
        NfoPerson(
            name="Low Tide",
            role="album_artist",
            order=0,
            ids=(("musicbrainz_artist", "5b11f4ce-a62d-471e-81fc-a69a8278c7da"),),
            join_phrase=" feat. ",
        ),
        NfoPerson(name="The Gulls", role="album_artist", order=1),
    )
    assert [(track.title, track.disc, track.position) for track in album.tracks] == [("Foam", 1, 1)]


def test_an_external_entity_is_never_opened(tmp_path: object) -> None:
    secret = f"{tmp_path}/secret"
    with open(secret, "w") as file:  # noqa: PTH123  a plain file
        file.write("the secret")

    nfo = record(f'<!DOCTYPE x [<!ENTITY x SYSTEM "file://{secret}">]><movie><title>&x;</title></movie>')

    assert nfo.records == ()
    assert "secret" not in repr(nfo).replace(secret, "")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("136", 136),
        ("136 min", 136),
        ("2h 16min", 136),
        ("2h", 120),
        ("2:16", 136),
        ("2:16:30", 136),
        ("0", None),
        ("", None),
    ],
)
def test_running_times(said: str, meant: int | None) -> None:
    assert minutes(said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2020-02-29", date(2020, 2, 29)),
        ("2020-2-9", date(2020, 2, 9)),
        ("2020-02-29T00:00:00Z", date(2020, 2, 29)),
        ("29/02/2020", date(2020, 2, 29)),
        ("2021-02-29", None),
        ("0001-01-01", None),
        ("2020", None),
    ],
)
def test_days(said: str, meant: date | None) -> None:
    assert day(said) == meant


@UNHURRIED
@given(st.binary(max_size=400))
def test_any_bytes_have_an_answer(content: bytes) -> None:
    assert isinstance(read_nfo(content), Nfo)


TAGS = ("movie", "episodedetails", "title", "actor", "season", "uniqueid type='imdb'", "set", "thumb")
PIECES = [
    *(f"<{tag}>" for tag in TAGS),
    *(f"</{tag.split()[0]}>" for tag in TAGS),
    *("<!DOCTYPE a [", "<!ENTITY b 'c'>", "]>", "&b;", "&", "&amp;", "&#0;", "<![CDATA[", "]]>", "<!--", "-->"),
    *("<?xml version='1.0'?>", "</nfo>", "tt1234567", "\x00", "é", "2001-01-01", "1"),
]


@UNHURRIED
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=40))
def test_any_arrangement_of_what_documents_are_made_of_has_an_answer(pieces: list[str]) -> None:
    nfo = read_nfo("".join(pieces).encode("utf-8", "replace"))

    assert all(isinstance(record.kind, NfoKind) for record in nfo.records)
    assert "\x00" not in repr(nfo)


@UNHURRIED
@given(st.sampled_from([document.content for document in DOCUMENTS if len(document.content) < 10_000]), st.data())
def test_a_document_that_was_damaged_has_an_answer(content: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(content)))
    damaged = content[:at] + data.draw(st.binary(max_size=4)) + content[at + data.draw(st.integers(0, 20)) :]

    assert isinstance(read_nfo(damaged), Nfo)
