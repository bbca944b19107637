"""Sealing as arithmetic: what was sealed opens where it was sealed, and nowhere else."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.vault.errors import KeyMissing, SecretUnreadable
from app.vault.keyring import Key, Keyring
from app.vault.place import Place

PLACE = Place("token", "secret", ("7",))
KEY, OTHER = Key(b"k" * 32), Key(b"o" * 32)
RING = Keyring([KEY, OTHER])


@given(st.binary(max_size=200), st.sampled_from([KEY, OTHER]))
def test_what_was_sealed_opens(plain, key):
    sealed = RING.seal(plain, PLACE, key.id)
    assert RING.open(sealed, PLACE) == plain
    assert sealed.startswith(f"rvs1.{key.id}.")


def test_the_same_secret_never_looks_the_same():
    assert len({RING.seal(b"secret", PLACE, KEY.id) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "place",
    [
        Place("token", "secret", ("8",)),
        Place("token", "secret", ()),
        Place("token", "secret", ("7", "")),
        Place("token", "other", ("7",)),
        Place("other", "secret", ("7",)),
        Place("token", 'secret", "7', ()),
    ],
)
def test_a_secret_that_was_moved_opens_no_more(place):
    with pytest.raises(SecretUnreadable):
        RING.open(RING.seal(b"secret", PLACE, KEY.id), place)


SEALED = RING.seal(b"secret", PLACE, KEY.id)


@given(st.integers(0, len(SEALED) - 1), st.characters())
def test_a_secret_that_was_changed_opens_no_more(at, character):
    changed = SEALED[:at] + character + SEALED[at + 1 :]
    try:
        RING.open(changed, PLACE)
    except (SecretUnreadable, KeyMissing):
        return
    assert changed == SEALED


def test_a_secret_in_another_alphabet_or_with_more_to_it_opens_no_more():
    """Every text that base64 reads as the same bytes is another text."""
    with_both = next(s for s in iter(lambda: RING.seal(b"secret", PLACE, KEY.id), None) if "-" in s and "_" in s)
    alike = [with_both.replace("-", "+"), with_both.replace("_", "/"), with_both + "=", with_both + "\n"]
    alike += [with_both[:-1] + chr(ord(with_both[-1]) + 1)]  # the last character's bits that mean nothing
    for text in alike:
        with pytest.raises(SecretUnreadable):
            RING.open(text, PLACE)


@given(st.one_of(st.text(), st.integers(0, len(SEALED) - 1).map(SEALED.__getitem__), st.just("rvs1.." * 2)))
def test_what_is_no_sealed_secret_is_refused(text):
    with pytest.raises((SecretUnreadable, KeyMissing)):
        RING.open(text, PLACE)


@pytest.mark.parametrize("length", range(len(SEALED)))
def test_a_piece_of_a_secret_is_refused(length):
    with pytest.raises((SecretUnreadable, KeyMissing)):
        RING.open(SEALED[:length], PLACE)


def test_another_key_opens_nothing_even_under_the_same_id():
    imposter = Key(os.urandom(32))
    object.__setattr__(imposter, "id", KEY.id)
    with pytest.raises(SecretUnreadable):
        Keyring([imposter]).open(SEALED, PLACE)


def test_a_key_that_is_not_here_is_named():
    with pytest.raises(KeyMissing) as missing:
        Keyring([OTHER]).open(SEALED, PLACE)
    assert missing.value.key_id == KEY.id


def test_no_repr_shows_a_key():
    assert repr(KEY) == f"Key(id='{KEY.id}')"
    assert "kkkk" not in repr(vars(RING))
