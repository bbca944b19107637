"""Every command by name. What a command needs is imported when it runs: `revenge --help` answers at once."""

import asyncio
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from app import __version__
from app.cli import OK, audit, editing, items, jobs, library, metadata, node, queues, search, settings, users, vault
from app.cli.session import Session


def build() -> App:
    app = App(
        name="revenge",
        help="A media server whose background work is River, the PostgreSQL job queue.",
        version=__version__,
        help_format="plaintext",
        default_parameter=Parameter(negative=(), show_default=False),
    )
    commands: tuple[Any, ...] = (
        node.serve,
        node.work,
        node.migrate,
        library.group(),
        items.items,
        editing.edit,
        metadata.group(),
        search.group(),
        users.group(),
        audit.audit,
        jobs.group(),
        queues.group(),
        vault.group(),
        settings.config,
        settings.graph,
        settings.version,
    )
    for command in commands:
        app.command(command)
    app.register_install_completion_command(add_to_startup=False)
    return app


def launch(words: Sequence[str]) -> int:
    """Find the command, run it, return the code to end with.

    Raises:
        CycloptsError: the words make no command.
        AppError: the command could not do what it was asked.
    """
    app = build()
    codes: list[Any] = []

    @app.meta.default
    def start(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        config: Annotated[
            Path | None, Parameter(help="The YAML file to read instead of the one in your configuration folder.")
        ] = None,
        server: Annotated[
            str | None,
            Parameter(help="Ask this server instead of the one here, such as https://media.example.org."),
        ] = None,
        api_key: Annotated[
            str | None,
            Parameter(help="An administrator's API key there. Better in REVENGE_API_KEY: others see these words."),
        ] = None,
    ) -> None:
        command, bound, wanted = app.parse_args(tokens, exit_on_error=False, print_error=False)
        given = {name: Session(config, server=server, api_key=api_key) for name in wanted}
        answer = command(*bound.args, **bound.kwargs, **given)
        codes.append(asyncio.run(answer) if inspect.iscoroutine(answer) else answer)

    app.meta(words, exit_on_error=False, print_error=False, result_action="return_value")
    return codes[0] if codes and isinstance(codes[0], int) else OK
