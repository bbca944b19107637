"""The log: one line per event on stderr, for people or as JSON, with every library's own log routed through.

Secrets stay out by four nets: values under a name that says secret, addresses with a password in them, tokens that we
give out, known by their look, and the configured secrets themselves wherever they turn up, tracebacks included.
"""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.observability.context_lines import ContextLines

HIDDEN = "***"

SHORTEST_SECRET = 6
"""A shorter one would blacken half the log by chance; the two other nets still hold."""

CHATTY = ("asyncio", "alembic", "httpcore", "httpx", "PIL", "watchfiles")
"""Libraries that tell at INFO what only their authors want to know."""

_SECRET_NAME = re.compile(r"passw|token|secret|authorization|cookie|api_?key|credential", re.IGNORECASE)
_PASSWORD_IN_ADDRESS = re.compile(r"(://[^/\s:@'\"]*):[^/\s'\"]*@")
_PASSWORD_IN_PAIRS = re.compile(
    r"\b((?:ssl)?password|token|api_?key|secret)=('(?:[^'\\]|\\.)*'|[^\s&'\"]+)", re.IGNORECASE
)
_TOKEN = re.compile(r"\brv[aklmr]_[A-Za-z0-9_-]{8,}")
"""Access tokens, API keys, local, media and refresh tokens (`app.accounts.tokens`), whole or cut short. The code of the
first link is not among them: it is told on purpose."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def escaped(text: str) -> str:
    """Return the text with control characters, line separators and undecodable bytes written out.

    A file's name may hold a newline that forges a line, or an escape that rewrites a terminal.
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def set_up_logs(
    level: str = "info",
    format: Literal["console", "json"] = "console",  # noqa: A002  the setting's own name
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    keep_loggers: bool = True,
) -> None:
    """Send every log of this process to stderr. Called once, first of all.

    `keep_loggers` makes a logger remember this set-up from its first use on: half the price of a line. A test that
    sets up again says no.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    target = sys.stderr if stream is None else stream
    structlog.configure(
        processors=[*_shared_processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=keep_loggers,
    )
    strike_out = StrikeOut(secrets)
    handler, of_context = logging.StreamHandler(target), ContextLines()
    handler.setFormatter(_formatter(strike_out, _renderers(format, colors=target.isatty())))
    of_context.setFormatter(_formatter(strike_out, _renderers("console", colors=False)))  # people read them on a page
    logging.basicConfig(handlers=[handler, of_context], level=number, force=True)
    logging.captureWarnings(capture=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(number if number < logging.INFO else max(number, logging.WARNING))


def _formatter(strike_out: "StrikeOut", renderers: Iterable[Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, strike_out, *renderers],
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *_shared_processors()],
    )


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _renderers(format: str, *, colors: bool) -> list[Processor]:  # noqa: A002  as above
    if format == "json":
        return [structlog.processors.JSONRenderer()]
    return [
        _one_line,
        structlog.dev.ConsoleRenderer(
            colors=colors, repr_native_str=True, exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def _one_line(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    event["event"] = escaped(str(event["event"]))  # the values are shown by repr, which escapes them already
    return event


class StrikeOut:
    """Replaces secrets in an event's values, however deep. What is no plain value becomes text first."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        self._known = sorted(known, key=len, reverse=True)

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        return self._mapping(event)

    def _mapping(self, mapping: Mapping[Any, Any]) -> dict[str, Any]:
        return {
            str(key): HIDDEN if _SECRET_NAME.search(str(key)) else self._value(value) for key, value in mapping.items()
        }

    def _value(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(one) for one in value]
        return self.text(repr(value) if isinstance(value, BaseException) else str(value))

    def text(self, text: str) -> str:
        text = _PASSWORD_IN_ADDRESS.sub(rf"\1:{HIDDEN}@", text)
        text = _PASSWORD_IN_PAIRS.sub(rf"\1={HIDDEN}", text)
        text = _TOKEN.sub(HIDDEN, text)
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return text
