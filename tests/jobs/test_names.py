"""Names as River takes and refuses them (contract 8.1)."""

import pytest

from app.errors import InvalidInput
from app.jobs.names import check_kind, check_queue_name, check_tag


@pytest.mark.parametrize("name", ["a", "0", "a-b_c", "a|b", "tenant|emails", "a" * 64, "a-b-c_d|e0"])
def test_good_queues(name):
    assert check_queue_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "a--b", "a_-b", "_a", "a_", "-a", "a|", "a b", "a\n", "é", "a.b", "a" * 65, "٣", "*", "a" * 99_999 + "!"],
)
def test_bad_queues(name):
    with pytest.raises(InvalidInput) as caught:
        check_queue_name(name)

    assert caught.value.field == "queue"
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("tag", ["abc", "a-c", "a__", "___", "A1-2", "a" * 255])
def test_good_tags(tag):
    assert check_tag(tag) == tag


@pytest.mark.parametrize("tag", ["", "ab", "-bc", "ab-", "a,c", "ééé", "a" * 256, "abc\n", "a b", "\ud800bc"])
def test_bad_tags(tag):
    with pytest.raises(InvalidInput) as caught:
        check_tag(tag)

    assert caught.value.field == "tags"


@pytest.mark.parametrize("kind", ["ab", "library.scan", "a-", "A[b]<c>/d·e:f+g", "_x", "a" * 127])
def test_good_kinds(kind):
    assert check_kind(kind) == kind


@pytest.mark.parametrize("kind", ["", "a", "-a", ".ab", "a b", "ab\n", "a" * 128, "éa", "a,b"])
def test_bad_kinds(kind):
    with pytest.raises(InvalidInput):
        check_kind(kind)
