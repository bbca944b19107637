"""A picture attached to a media file, as its very bytes."""

import os

import pytest

from app.library.artwork.headers import PNG, picture_of
from app.library.probing.picture import read_picture
from tests.fixtures.library import LibraryBench
from tests.fixtures.media import Media


async def test_the_cover_of_a_song_is_given_by_a_prober(library: LibraryBench, media: Media) -> None:
    file = os.open(media.song(), os.O_RDONLY)
    try:
        (picture,) = (await library.prober.probe(file)).pictures
        content = await library.prober.picture(file, picture.index)
        again = await library.prober.probe(file)
    finally:
        os.close(file)

    found = picture_of(content)
    assert found is not None
    assert (found.media_type, found.width, found.height) == (PNG, 64, 64)
    assert len(content) == picture.size
    assert again.duration_ms is not None


@pytest.mark.parametrize("index", [0, 7, 2**32 - 1])
def test_where_there_is_no_picture_there_are_no_bytes(media: Media, index: int) -> None:
    """Sound is not sent as a picture: at index 0 is the song itself."""
    file = os.open(media.song(), os.O_RDONLY)
    try:
        assert read_picture(file, index) == b""
    finally:
        os.close(file)


def test_a_file_that_is_no_media_has_no_picture(tmp_path: object) -> None:
    path = f"{tmp_path}/x.mkv"
    with open(path, "wb") as made:  # noqa: PTH123  a plain file
        made.write(b"nothing")
    file = os.open(path, os.O_RDONLY)
    try:
        assert read_picture(file, 0) == b""
    finally:
        os.close(file)
