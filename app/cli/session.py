"""What every command is given: the settings in force, and a server to ask once it wants one."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:  # what commands need is imported by those that run, so that --help answers at once
    from app.cli.api import Api
    from app.config import Settings


class Session:
    def __init__(self, config: Path | None = None, *, server: str | None = None, api_key: str | None = None) -> None:
        self._config = config
        self._server = server
        self._api_key = api_key

    @cached_property
    def settings(self) -> "Settings":
        """This machine's.

        Raises:
            ConfigError.
            InvalidInput: the words name another machine.
        """
        from app.config import Settings
        from app.errors import InvalidInput

        if self._server:
            raise InvalidInput("server", "this command is about this machine; leave the option out")
        return Settings.load(self._config)

    @asynccontextmanager
    async def api(self) -> AsyncIterator["Api"]:
        """Open the API of the server that was named, or runs here, or is opened for this one question."""
        import os

        from app.cli.reaching import Elsewhere, reach_elsewhere, reach_here
        from app.observability import set_up_logs

        elsewhere = Elsewhere.named(self._server, self._api_key, os.environ)
        if elsewhere is not None:
            set_up_logs("warning")
            async with reach_elsewhere(elsewhere) as api:
                yield api
            return
        self.set_up_logs(quiet=True)
        async with reach_here(self.settings) as api:
            yield api

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
