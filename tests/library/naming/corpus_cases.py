"""The corpus of names, read from its files."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "corpus"

Case = dict[str, Any]


def cases() -> list[Case]:
    files = sorted(FOLDER.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").split("\n") if line]


def name_of(case: Case) -> str:
    """Return what tells a case from every other."""
    if "path" in case:
        return case["path"]
    return f"{'/'.join([*case.get('folders', ()), case['name']])} beside {' | '.join(case['stems']) or 'nothing'}"
