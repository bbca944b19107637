"""Subtitles and lyrics in the encodings of their time."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.library.sidecars.texts import decode

UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TEXTS = {
    "cp1252": "Die Äpfel für Zoë sind schön süß und größer als gedacht, nicht wahr? Ça va, garçon.",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy. Zažili jsme už ledacos, řekl tiše.",
    "cp1251": "Съешь же ещё этих мягких французских булок, да выпей чаю. Он сказал ей правду.",
    "shift_jis": "彼は静かに部屋に入ってきた。そして、窓を開けて外を見た。今日はいい天気ですね。",
    "gb18030": "他静静地走进房间，打开窗户向外看。今天天气真好，我们去公园散步吧。",
}


@pytest.mark.parametrize("encoding", list(TEXTS))
def test_an_old_encoding_is_known_by_its_letters(encoding: str) -> None:
    lines = [f"{n}\r\n00:00:{n:02d},000 --> 00:00:{n + 1:02d},000\r\n{TEXTS[encoding]}\r\n" for n in range(1, 9)]
    text = "\r\n".join(lines)

    assert decode(text.encode(encoding)) == text.replace("\r\n", "\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_unicode_is_unicode(encoding: str) -> None:
    assert decode("1\n00:00 Zoë, привет".encode(encoding)) == "1\n00:00 Zoë, привет"


def test_a_letter_cut_in_two_at_the_samples_end_changes_nothing() -> None:
    text = (TEXTS["shift_jis"] + "\n") * 600

    assert decode(text.encode("shift_jis")) == text


@UNHURRIED
@given(st.binary(max_size=300))
def test_any_bytes_are_some_text(content: bytes) -> None:
    assert "\0" not in decode(content)
