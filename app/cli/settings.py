"""The commands about the program itself."""

from app import __version__
from app.cli.session import AsJson, GivenSession


def version() -> None:
    """Print the version."""
    from app.cli.output import print_line

    print_line(f"revenge {__version__}")


def config(*, json: AsJson = False, session: GivenSession) -> None:
    """Print the settings in force, file and environment together. Secrets are struck out."""
    import sys

    import yaml

    from app.cli.output import print_json
    from app.config.show import shown

    tree = shown(session.settings)
    if json:
        print_json(tree)
    else:
        yaml.safe_dump(tree, sys.stdout, sort_keys=False, allow_unicode=True)


def graph(*, session: GivenSession) -> None:
    """Print how the server is wired, as a mermaid flowchart."""
    import sys

    settings = session.settings
    from app.main import graph as draw

    sys.stdout.write(draw(settings))
