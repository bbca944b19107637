"""Several records in one NFO, several items in one file: who is spoken of by which."""

from app.ids import uuid7
from app.library.kinds import ItemKind
from app.library.nfo import NfoKind, NfoRecord
from app.library.sidecars.assigning import Target, assign

A, B = uuid7(), uuid7()
TWO = {A: Target(ItemKind.EPISODE, season=1, number=1), B: Target(ItemKind.EPISODE, season=1, number=2)}


def episode(number: int | None, season: int | None = 1) -> NfoRecord:
    return NfoRecord(kind=NfoKind.EPISODE, season=season, episode=number)


def test_by_number_whatever_their_order() -> None:
    second, first = episode(2), episode(1)

    assert dict(assign([second, first], [A, B], TWO)) == {A: first, B: second}


def test_by_order_where_the_numbers_are_others() -> None:
    """Absolute numbers on disk, seasons in the NFO: both count upwards."""
    eleventh, twelfth = episode(11, season=3), episode(12, season=3)

    assert dict(assign([eleventh, twelfth], [A, B], TWO)) == {A: eleventh, B: twelfth}


def test_one_record_for_two_episodes_speaks_of_the_one_it_numbers() -> None:
    second = episode(2)

    assert assign([second], [A, B], TWO) == [(B, second)]


def test_what_is_left_by_the_numbers_goes_by_order() -> None:
    second, unnumbered = episode(2), episode(None)

    assert dict(assign([unnumbered, second], [A, B], TWO)) == {A: unnumbered, B: second}


def test_more_records_than_items_are_left_out() -> None:
    assert len(assign([episode(1), episode(2), episode(3)], [A, B], TWO)) == 2


def test_a_record_never_speaks_of_another_kind() -> None:
    film = NfoRecord(kind=NfoKind.MOVIE, title="A film")

    assert assign([film], [A], TWO) == []


def test_links_alone_may_speak_of_any_kind() -> None:
    links = NfoRecord(kind=NfoKind.NONE, external_ids=(("imdb", "tt0111222"),))

    assert assign([links], [A], TWO) == [(A, links)]
    assert assign([links], [A], {A: Target(ItemKind.MOVIE)}) == [(A, links)]
