"""Everything that reads what strangers write, each with what must be true of whatever it is given.

Shared by the suite, where hypothesis makes the bytes, and by `make fuzz`, where atheris does.
"""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from starlette.requests import Request

from app.accounts.errors import InvalidToken
from app.accounts.tokens import TOKEN, TokenKind, digest, kind_of
from app.catalog.cursor import BadCursor, decode_cursor, encode_cursor
from app.config.durations import LONGEST, format_duration, parse_duration
from app.config.sealing_keys import sealing_keys
from app.errors import InvalidInput
from app.events.position import Position
from app.jobs.cron_expression import cron
from app.jobs.job_list_cursor import JobListCursor
from app.library.artwork.headers import picture_of
from app.library.naming import parse_episode, parse_movie, parse_side_file, parse_track, split
from app.library.naming.languages import language_of
from app.library.nfo.read import read_nfo
from app.library.tagging.formats import OGG, READERS
from app.library.tagging.read import MAX_ENCODED, read_tags
from app.vault.errors import KeyMissing, SecretUnreadable
from app.vault.keyring import Key, Keyring
from app.vault.place import Place
from app.web.authentication import bearer
from app.web.conditions import Validators, evaluate, range_applies, version_of
from app.web.hosts import is_known_host, is_loopback_host
from app.web.ranges import MAX_RANGES, RangeNotSatisfiable, requested_ranges

SIZE = 10_000
PARSERS: dict[str, Callable[[bytes], None]] = {}


def parser(check: Callable[[bytes], None]) -> Callable[[bytes], None]:
    PARSERS[check.__name__] = check
    return check


def text(data: bytes) -> str:
    """Text as JSON or a disk may bring it, lone halves of pairs included."""
    return data.decode(errors="surrogateescape")


@parser
def names(data: bytes) -> None:
    folders, name = split(data)
    for read in (parse_movie(data), parse_episode(folders, name), parse_track(folders, name)):
        msgspec.json.encode(read)  # valid text, all of it: it is to be stored


@parser
def side_files(data: bytes) -> None:
    folders, name = split(data)
    read = parse_side_file(name, {"Metropolis (1927)", "a"}, folders)
    assert read is None or read.stem in (None, "Metropolis (1927)", "a")
    msgspec.json.encode(read)


@parser
def languages(data: bytes) -> None:
    tag = language_of(text(data))
    assert tag is None or (tag.isascii() and language_of(tag) == tag)


@parser
def nfo(data: bytes) -> None:
    msgspec.json.encode(read_nfo(data))


@parser
def tags(data: bytes) -> None:
    containers = [*((name, None) for name in READERS), *(("ogg", codec) for codec in OGG)]
    container, codec = containers[data[0] % len(containers)] if data else containers[0]
    read = read_tags(io.BytesIO(data[1:]), container, codec, {text(data[1:9]): text(data[9:])})
    assert len(msgspec.json.encode(read)) <= MAX_ENCODED


@parser
def pictures(data: bytes) -> None:
    found = picture_of(data)
    assert found is None or found.media_type.startswith("image/")


@parser
def ranges(data: bytes) -> None:
    try:
        asked = requested_ranges(text(data), SIZE)
    except RangeNotSatisfiable:
        return
    if asked is not None:
        assert 0 < len(asked) <= MAX_RANGES
        assert all(0 <= one.start < one.end <= SIZE for one in asked)
        assert sum(map(len, asked)) <= SIZE


@parser
def conditions(data: bytes) -> None:
    validators = Validators('"1-2"', datetime(2026, 1, 2, tzinfo=UTC))
    for name in ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"):
        evaluate({name: text(data)}, validators)
    range_applies(text(data), validators)
    try:
        assert (version_of(text(data)) or 0) >= 0
    except InvalidInput:
        return


@parser
def authorization(data: bytes) -> None:
    """The header's bytes are whatever a socket brought; two of them are never one."""
    for headers in ([data], data.split(b"\n")):
        scope = {"type": "http", "headers": [(b"authorization", one) for one in headers]}
        try:
            token = bearer(Request(scope))
        except InvalidToken:
            continue
        assert token is not None
        assert len(headers) == 1
        assert token == token.strip() != ""


@parser
def media_tokens(data: bytes) -> None:
    token = text(data)
    kind = kind_of(token)
    assert (kind is None) == (TOKEN.fullmatch(token) is None)
    if kind is not None:
        assert kind in TokenKind
        assert len(digest(token)) == 32


@parser
def hosts(data: bytes) -> None:
    host = text(data)
    if is_loopback_host(host):
        assert is_known_host(host, ())


@parser
def item_cursors(data: bytes) -> None:
    try:
        keys = decode_cursor("listing", text(data), tuple[int, str, UUID])
    except BadCursor:
        return
    assert encode_cursor("listing", keys) == text(data)


@parser
def job_cursors(data: bytes) -> None:
    try:
        cursor = JobListCursor.decode(text(data))
    except InvalidInput:
        return
    assert JobListCursor.decode(cursor.encode()) == cursor


@parser
def last_event_ids(data: bytes) -> None:
    position = Position.parse(text(data))
    assert position is None or Position.parse(str(position)) == position


@parser
def durations(data: bytes) -> None:
    try:
        duration = parse_duration(text(data))
    except ValueError:
        return
    assert timedelta(0) <= duration <= LONGEST
    assert parse_duration(format_duration(duration)) == duration


@parser
def cron_expressions(data: bytes) -> None:
    try:
        schedule = cron(text(data))
    except InvalidInput:
        return
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert schedule.next(now) > now


@parser
def keys_for_secrets(data: bytes) -> None:
    try:
        keys = sealing_keys(text(data))
    except ValueError as err:
        assert len(data) < 8 or text(data) not in str(err)  # noqa: PT017  it would be quoted in a log
        return
    assert all(len(key) == 32 for key in keys)


@parser
def sealed_secrets(data: bytes) -> None:
    try:
        Keyring([Key(b"k" * 32)]).open(text(data), Place("table", "column", ("1",)))
    except (KeyMissing, SecretUnreadable):
        return
    raise AssertionError("opened what was never sealed")
