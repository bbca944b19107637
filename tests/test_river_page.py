"""docs/river.md, and the decisions about River, name tests that exist, and the page counts rightly what it tells."""

import ast
import re
from functools import cache

import pytest

from tests.fixtures.node import ROOT

DOCS = ROOT / "docs"
PAGE = (DOCS / "river.md").read_text()
PAGES = [DOCS / "river.md", *sorted((DOCS / "decisions").glob("*.md"))]

ROW = re.compile(r"^\| (\d+) \| .+ \| (.+) \|$", re.MULTILINE)
COUNT = re.compile(r"^\| (shown|differs|not yet) \| (\d+) \|$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
LINK = re.compile(r"\]\(([^)#:]+\.md)")


@cache
def functions(path):
    """Return the names of what a file of tests has at its top level."""
    tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def status(shown_by):
    for word in ("not yet", "differs"):
        if f"**{word}**" in shown_by:
            return word
    return "shown"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tests_and_pages_it_names_exist(page):
    text = page.read_text("utf-8")

    missing = [f"{path}::{name}" for path, name in TEST.findall(text) if name not in functions(path)]
    assert missing == []
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


def test_every_number_is_there_once_and_has_a_test_or_a_word():
    rows = ROW.findall(PAGE)

    assert [int(number) for number, _ in rows] == list(range(1, 111))
    untold = [number for number, shown_by in rows if status(shown_by) == "shown" and not TEST.search(shown_by)]
    assert untold == []
    reasonless = [number for number, shown_by in rows if status(shown_by) == "differs" and not LINK.search(shown_by)]
    assert reasonless == []


def test_it_counts_what_it_tells():
    told = [status(shown_by) for _, shown_by in ROW.findall(PAGE)]

    assert {word: int(count) for word, count in COUNT.findall(PAGE)} == {
        word: told.count(word) for word in ("shown", "differs", "not yet")
    }


def test_a_name_that_is_wrong_is_found():
    """Control: the names are looked for, and as whole words."""
    names = TEST.findall(PAGE)

    assert len(names) > 200
    assert all(name.startswith("test_") for _, name in names)
    path, name = names[0]
    assert name in functions(path)
    assert name[:-1] not in functions(path)
