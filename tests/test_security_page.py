"""docs/security.md: every attack of its table names tests, and they exist."""

import re

from tests.fixtures.node import ROOT
from tests.test_river_page import TEST, functions

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = re.findall(r"^\| (.+?) \| (.+?) \| (.*`.+::.+`.*) \|$", PAGE, re.MULTILINE)
ATTACKS = PAGE.partition("| attack | what we do | shown by |\n|---|---|---|\n")[2].partition("\n\n")[0].splitlines()


def test_every_line_names_tests_that_exist():
    assert len(ATTACKS) > 25
    assert len(ROWS) == len(ATTACKS)
    for attack, _, shown_by in ROWS:
        named = TEST.findall(shown_by)
        assert named, attack
        assert [f"{path}::{name}" for path, name in named if name not in functions(path)] == [], attack


def test_every_test_of_an_attack_stands_on_the_page():
    """Or in a file that does: whoever adds a file of attacks says on the page what it is about."""
    told = {path for path, _ in TEST.findall(PAGE)}
    files = {f"attacks/{path.name}" for path in (ROOT / "tests" / "attacks").glob("test_*.py")}
    assert files
    assert files <= told


def test_the_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+\.md)", PAGE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
