"""`revenge queue`: which queues there are, and holding them."""

from cyclopts import App

from app.cli.session import AsJson, GivenSession


def group() -> App:
    app = App(name="queue", help="List queues, pause them, resume them.")
    app.command(list_, name="list")
    app.command(pause)
    app.command(resume)
    return app


async def list_(*, json: AsJson = False, session: GivenSession) -> None:
    """List the queues that some node has worked within a day."""
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.queue_view import Queues

    async with session.api() as api:
        answer = await api.get("/queues", Queues)
    if json:
        print_answer(answer.content)
    else:
        rows = ((queue.name, queue.paused_at, queue.updated_at) for queue in answer.value.queues)
        print_table(("NAME", "PAUSED SINCE", "LAST WORKED"), rows)


async def pause(name: str, /, *, session: GivenSession) -> None:
    """Let no node fetch from a queue. What runs goes on.

    Parameters
    ----------
    name
        The queue, or * for all there are.
    """
    from app.cli.api import segment
    from app.cli.output import print_line

    async with session.api() as api:
        await api.do("PUT", f"/queues/{segment(name)}/pause")
    print_line(f"queue {name}: paused")


async def resume(name: str, /, *, session: GivenSession) -> None:
    """Let the nodes fetch from a queue again.

    Parameters
    ----------
    name
        The queue, or * for all there are.
    """
    from app.cli.api import segment
    from app.cli.output import print_line

    async with session.api() as api:
        await api.do("PUT", f"/queues/{segment(name)}/resume")
    print_line(f"queue {name}: resumed")
