"""The file with the keys: whole or not there, one however many start, and never quoted."""

import base64
import re
import stat
import threading

import pytest

from app.vault.errors import KeyFileUnusable
from app.vault.key_file import KeyFile


def at_once(number, what):
    """Call it from many threads that begin together; return what each got."""
    barrier, answers = threading.Barrier(number), []

    def one():
        barrier.wait()
        answers.append(what())

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_the_first_start_makes_it_for_us_alone(tmp_path):
    file = KeyFile(tmp_path / "data" / "secrets.key")
    (key,) = file.read_or_make()

    assert file.read_or_make() == [key]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert base64.b64encode(key.secret).decode() in file.path.read_text()
    assert [path.name for path in file.path.parent.iterdir()] == ["secrets.key"]


def test_starters_at_once_end_with_one_key(tmp_path):
    for number in range(10):
        file = KeyFile(tmp_path / str(number) / "secrets.key")
        answers = at_once(4, file.read_or_make)
        assert len(answers) == 4
        assert len({key.id for keys in answers for key in keys}) == 1
        assert [path.name for path in file.path.parent.iterdir()] == ["secrets.key"]


def test_rotations_at_once_end_with_one_new_key(tmp_path):
    file = KeyFile(tmp_path / "secrets.key")
    (old,) = file.read_or_make()

    answers = at_once(4, lambda: file.add(after=old.id))

    assert {tuple(key.id for key in keys) for keys in answers} == {tuple(key.id for key in file.read_or_make())}
    assert [key.id for key in file.read_or_make()][1:] == [old.id]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must be 32 random bytes"),
        ("# nothing but words\n", "must be 32 random bytes"),
        ("hushhush\n", "must be 32 random bytes"),
        (base64.b64encode(b"x" * 31).decode(), "must be 32 random bytes"),
        ((base64.b64encode(b"x" * 32).decode() + "\n") * 2, "the same key twice"),
    ],
)
def test_a_damaged_file_is_told_and_not_quoted_nor_overwritten(tmp_path, text, reason):
    path = tmp_path / "secrets.key"
    path.write_text(text)
    with pytest.raises(KeyFileUnusable, match=reason) as told:
        KeyFile(path).read_or_make()
    assert str(path) in str(told.value)
    assert "hushhush" not in str(told.value)
    assert path.read_text() == text


def test_what_is_no_text_is_told(tmp_path):
    path = tmp_path / "secrets.key"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(KeyFileUnusable, match="not text"):
        KeyFile(path).read_or_make()


def test_a_place_that_cannot_be_written_is_told_with_the_way_out(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "secrets.key"
    with pytest.raises(KeyFileUnusable, match=re.escape("REVENGE_SECRETS__KEY")):
        KeyFile(path).read_or_make()


def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.vault.key_file.os.fsync", full)
    with pytest.raises(KeyFileUnusable, match="No space left"):
        KeyFile(tmp_path / "secrets.key").read_or_make()
    assert list(tmp_path.iterdir()) == []


def test_keys_may_be_written_in_both_alphabets_with_and_without_padding(tmp_path):
    secret = b"\xfb\xff" * 16
    path = tmp_path / "secrets.key"
    for text in (base64.b64encode(secret), base64.urlsafe_b64encode(secret), base64.b64encode(secret).rstrip(b"=")):
        path.write_bytes(text + b"\n# of the old house\n")
        (key,) = KeyFile(path).read_or_make()
        assert key.secret == secret
