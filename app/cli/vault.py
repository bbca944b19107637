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
    from app.cli.output import print_json, print_table

    async with session.application() as app:
        keys = await app.rotation.keys()
    if json:
        print_json({"keys": keys})
        return
    print_table(
        ("KEY", "SEALS", "HERE", "SECRETS", "SINCE"),
        (
            (key.id, "yes" if key.is_current else None, "yes" if key.is_here else "no", key.secrets, key.created_at)
            for key in keys
        ),
    )


async def rotate(*, json: AsJson = False, session: GivenSession) -> int:
    """Make a new key and seal every secret anew with it, or finish the rotation that was interrupted.

    Nodes with a key file of their own need the new key before that: see prepare.
    """
    from app.cli.output import print_json, print_line, print_note

    async with session.application() as app:
        done = await app.rotation.rotate()
    if json:
        print_json(
            {
                "key": done.key_id,
                "resumed": done.resumed,
                "resealed": done.resealed,
                "unreadable": [str(place) for place in done.unreadable],
            }
        )
    else:
        finished = " (a rotation that was interrupted is finished; no new key was made)" if done.resumed else ""
        print_line(f"key {done.key_id}: {done.resealed} secrets sealed anew{finished}")
    for place in done.unreadable:
        print_note(f"no key of this node opens the secret in {place}; it was left as it is")
    return FAILED if done.unreadable else OK


async def prepare(*, session: GivenSession) -> None:
    """Add a new key to the file without using it yet: copy the file to the other nodes, then rotate."""
    from app.cli.output import print_line

    async with session.application() as app:
        key_id = app.rotation.prepare()
        path = app.vault.file.path
    print_line(f"key {key_id} is in {path}; copy that to every other node, then: revenge secrets rotate")


async def reset(
    *, yes: Annotated[bool, Parameter(help="Do it, without asking further.")] = False, session: GivenSession
) -> None:
    """Forget every sealed secret, when the key is lost: passwords of providers have to be entered again."""
    from app.cli.output import print_line
    from app.errors import InvalidInput

    if not yes:
        raise InvalidInput("yes", "write --yes if the key is lost: what it sealed will be forgotten")
    async with session.application() as app:
        count = await app.rotation.reset()
    print_line(f"{count} secrets forgotten; the next one is sealed with this node's key")
