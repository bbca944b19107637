"""What a job will do: asked for, and said which."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.cli.api import Api


async def ask_for_job(api: "Api", method: str, path: str, body: object = None, *, json: bool) -> None:
    """Ask for what a job will do, and print which one does. Raises: as `Api.send`."""
    from app.cli.output import print_answer, print_line
    from app.web.api_v1.library_view import ScanAnswer

    answer = await api.send(method, path, ScanAnswer, body)
    if json:
        print_answer(answer.content)
    else:
        already = " waits or runs already" if answer.value.duplicate else " asked for"
        print_line(f"job {answer.value.job.id}{already}")
