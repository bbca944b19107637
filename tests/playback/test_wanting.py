"""In which turn viewers of one rendition get what they wait for."""

from app.playback.streaming.wanting import MOST_AIMS, queued


def test_who_asks_again_keeps_their_place() -> None:
    """Everyone who waits asks again every two seconds; a run takes as long."""
    waiting: list[int] = []
    for aim in (50, 20, 70):
        waiting = queued(waiting, aim, viewers=3)
    for aim in (50, 70, 50, 20):
        waiting = queued(waiting, aim, viewers=3)
    assert waiting == [50, 20, 70]
    assert queued(waiting, None, viewers=3) == waiting


def test_a_lone_viewer_does_not_wait_for_where_they_were() -> None:
    assert queued([50, 20], 70, viewers=1) == [70]


def test_of_very_many_the_latest_is_among_those_who_wait() -> None:
    waiting = queued(range(MOST_AIMS), 500, viewers=MOST_AIMS + 1)
    assert (len(waiting), waiting[0], waiting[-1]) == (MOST_AIMS, 0, 500)
