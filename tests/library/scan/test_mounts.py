"""No row is lost, and none goes missing, whatever real mounts do. Each case is told in `mounts`."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.node import ROOT
from tests.library.scan.mounts import CASES

NAMESPACE = ["unshare", "--mount", "--propagation", "private"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that somebody who is not root gets into as well."""
    with tempfile.TemporaryDirectory(prefix="mounts-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def test_nothing_is_lost_on_real_mounts(database_url: str, folder: Path) -> None:
    probe = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip(f"nothing can be mounted here: {probe.stderr.decode().strip()}")

    command = [*NAMESPACE, sys.executable, "-m", "tests.library.scan.mounts", database_url, folder]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)

    assert answer.returncode == 0, answer.stderr
    results: list[dict[str, Any]] = [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]
    assert len(results) == 2 * len(CASES)
    for result in results:
        assert result["rows"] == 121, result
        assert (result["lost"], result["lost_afterwards"], result["afterwards"]) == (0, 0, "completed"), result
    outcomes = {result["case"]: result["outcome"] for result in results}
    assert outcomes == {
        "unmounted": "offline",
        "an empty disk in its place": "offline",
        "another disk in its place": "offline",
        "replaced by a file": "offline",
        "remounted read only": "completed",
        "a part without permission": "incomplete",
        "the whole without permission": "offline",
        "an error in the middle": "incomplete",
        "unmounted in the middle": "offline",
        "a disk below it unmounted": "incomplete",
    }
