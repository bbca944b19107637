"""What a fresh clone relies on: pinned packages, a whole wheel, a set-up that says what it needs."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins():
    lines = (ROOT / "constraints.txt").read_text().split()
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}


def needed(requirements, seen):
    """Gather what is needed here, however indirectly, by walking the installed packages' own words."""
    for requirement in map(Requirement, requirements):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        key = (canonicalize_name(requirement.name), *sorted(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        needed(required_by(requirement), seen)
    return {name for name, *_ in seen}


def required_by(requirement):
    for text in importlib.metadata.requires(requirement.name) or ():
        inner = Requirement(text)
        extras = {"", *requirement.extras}
        if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
            inner.marker = None
            yield str(inner)


def test_alembic_is_no_package():
    """With an __init__.py our folder would shadow the library of the same name, wherever the root is on the path."""
    assert (ROOT / "alembic" / "env.py").is_file()
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_every_package_in_use_is_pinned_to_the_version_in_use():
    direct = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = needed(direct, set())

    assert len(names) > len(direct)  # or the walk went nowhere
    assert {name: importlib.metadata.version(name) for name in names} == {
        name: pins().get(name, "not pinned") for name in names
    }


def test_the_packages_to_measure_against_are_pinned():
    names = {canonicalize_name(Requirement(text).name) for text in PROJECT["optional-dependencies"]["bench"]}

    assert names <= pins().keys()


def test_constraints_hold_names_and_versions_and_nothing_else():
    """An address would be the one that they were once fetched from, which is nobody else's."""
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, ROOT]
    subprocess.run(command, check=True, capture_output=True, timeout=280)
    (built,) = place.iterdir()
    with zipfile.ZipFile(built) as archive:
        yield archive


def content(wheel, name):
    (found,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
    return wheel.read(found).decode()


def test_the_wheel_says_what_it_is(wheel):
    metadata = Parser().parsestr(content(wheel, "METADATA"))

    assert metadata["Name"] == "revenge"
    assert metadata["Version"] == "0.1.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "AGPL-3.0-or-later"
    assert "revenge = app.cli:run" in content(wheel, "entry_points.txt")
    assert content(wheel, "licenses/LICENSE") == (ROOT / "LICENSE").read_text()


def test_the_wheel_holds_all_that_runs_and_nothing_else(wheel):
    """Every file under app, whatever its kind: a statement or a page that stayed behind would be missed at run time."""
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    sources = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "app").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    migrations = {
        f"app/_alembic/{path.relative_to(ROOT / 'alembic').as_posix()}" for path in (ROOT / "alembic").rglob("*.py")
    }

    assert "app/_alembic/env.py" in packed
    assert any(name.endswith(".sql") for name in packed)
    assert sources | migrations <= packed
    assert {name for name in packed - sources if not name.startswith("app/_alembic/")} == set()


def run_venv(tmp_path, python_says):
    """Run the set-up with a `python3` of our making, and no other in reach."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "python3").write_text(f"#!/bin/sh\n{python_says}\n")
    (tools / "python3").chmod(0o755)
    return subprocess.run(
        ["/bin/sh", ROOT / ".ci" / "venv", tmp_path / "venv"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_old_python_is_refused_with_what_would_do(tmp_path):
    run = run_venv(tmp_path, 'case "$2" in *version_info\\[:3\\]*) echo 3.10.2;; *) exit 1;; esac')

    assert run.returncode == 1
    assert run.stderr == (
        "Revenge needs Python 3.11 or newer. Found: python3 is 3.10.2; "
        "Name another one with: make PYTHON=/path/to/python3\n"
    )


def test_no_python_at_all_is_said_too(tmp_path):
    run = run_venv(tmp_path, "exit 127")

    assert "needs Python 3.11 or newer. Found: none." in run.stderr
    assert run.returncode == 1


def test_help_names_every_target():
    run = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)

    for target in ("serve", "test", "lint", "types", "imports", "bench", "test-install", "clean", "help"):
        assert f"make {target} " in run.stdout
