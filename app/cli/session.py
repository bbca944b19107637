"""What every command is given: the settings in force, and the services once it asks for them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:  # what commands need is imported by those that run, so that --help answers at once
    from app.config import Settings
    from app.main import Application


class Session:
    def __init__(self, config: Path | None = None) -> None:
        self._config = config

    @cached_property
    def settings(self) -> "Settings":
        """Raises: ConfigError."""
        from app.config import Settings

        return Settings.load(self._config)

    @asynccontextmanager
    async def application(self) -> AsyncIterator["Application"]:
        """Open the services for one question. Only what goes wrong on the way is logged."""
        self.set_up_logs(quiet=True)
        from app.main import application

        async with application(self.settings) as opened:
            yield opened

    def run_node(self, node: Coroutine[Any, Any, None]) -> None:
        """Run what lasts until a signal, on the fastest loop there is."""
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(node)

    def set_up_logs(self, *, quiet: bool = False) -> None:
        """Quiet: only what goes wrong, beside a command's own answer."""
        from app.config.show import secret_values
        from app.observability import set_up_logs

        log = self.settings.log
        level = "warning" if quiet and log.level == "info" else log.level
        set_up_logs(level, log.format, secrets=secret_values(self.settings))


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


GivenSession = Annotated[Session, Parameter(parse=False)]
AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON, for programs.")]
