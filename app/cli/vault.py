"""`revenge secrets`: the keys that secrets in the database are sealed with."""

from typing import Annotated

from cyclopts import App, Parameter

from app.cli import FAILED, OK
from app.cli.session import AsJson, GivenSession


def group() -> App:
    app = App(name="secrets", help="The keys that secrets in the database are sealed with.")
    app.command(list_, name="list")
    app.command(rotate)
    app.command(prepare)
    app.command(reset)
    return app


async def list_(*, json: AsJson = False, session: GivenSession) -> None:
    """List the keys by their ids: which one seals, which of them this node has, and how many secrets each sealed."""
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.secret_view import SealingKeys

    async with session.api() as api:
        answer = await api.get("/secrets/keys", SealingKeys)
    if json:
        print_answer(answer.content)
        return
    print_table(
        ("KEY", "SEALS", "HERE", "SECRETS", "SINCE"),
        (
            (key.id, "yes" if key.is_current else None, "yes" if key.is_here else "no", key.secrets, key.created_at)
            for key in answer.value.keys
        ),
    )


async def rotate(*, json: AsJson = False, session: GivenSession) -> int:
    """Make a new key and seal every secret anew with it, or finish the rotation that was interrupted.

    Nodes with a key file of their own need the new key before that: see prepare.
    """
    from app.cli.output import print_answer, print_line, print_note
    from app.web.api_v1.secret_view import Rotated

    async with session.api() as api:
        answer = await api.send("POST", "/secrets/rotate", Rotated)
    done = answer.value
    if json:
        print_answer(answer.content)
    else:
        finished = " (a rotation that was interrupted is finished; no new key was made)" if done.resumed else ""
        print_line(f"key {done.key}: {done.resealed} secrets sealed anew{finished}")
    for place in done.unreadable:
        print_note(f"no key of this node opens the secret in {place}; it was left as it is")
    return FAILED if done.unreadable else OK


async def prepare(*, session: GivenSession) -> None:
    """Add a new key to the file without using it yet: copy the file to the other nodes, then rotate."""
    from app.cli.output import print_line
    from app.web.api_v1.secret_view import PreparedKey

    async with session.api() as api:
        made = (await api.send("POST", "/secrets/keys", PreparedKey)).value
    print_line(f"key {made.id} is in {made.key_file}; copy that to every other node, then: revenge secrets rotate")


async def reset(
    *, yes: Annotated[bool, Parameter(help="Do it, without asking further.")] = False, session: GivenSession
) -> None:
    """Forget every sealed secret, when the key is lost: passwords of providers have to be entered again."""
    from app.cli.output import print_line
    from app.errors import InvalidInput
    from app.web.api_v1.secret_view import SecretsForgotten

    if not yes:
        raise InvalidInput("yes", "write --yes if the key is lost: what it sealed will be forgotten")
    async with session.api() as api:
        forgotten = (await api.send("DELETE", "/secrets", SecretsForgotten)).value
    print_line(f"{forgotten.secrets} secrets forgotten; the next one is sealed with this node's key")
