"""What is said, and what the process ends with, before any service is opened."""

import json
import os
import signal
import subprocess
import sys

import pytest
import yaml

from app import __version__
from app.config import Settings
from tests.fixtures.node import ROOT, clean_environment


@pytest.fixture
def revenge(tmp_path):
    def run(*words, **environ):
        return subprocess.run(
            [sys.executable, "-m", "app", *words],
            cwd=ROOT,
            env=clean_environment() | {"XDG_CONFIG_HOME": str(tmp_path), "COLUMNS": "100"} | environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def one_line(run):
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["confi"], 'revenge: Unknown command "confi". Did you mean "config"?'),
        (["serve", "--nowork"], "revenge: Unknown option: --nowork"),
        (["version", "extra", "words"], "revenge: too many words: 'extra' 'words'"),
        (["library", "add", "Films"], 'revenge: Command "library add" parameter PATHS requires an argument.'),
        (["library", "add", "Films", "/", "--kind", "books"], 'revenge: Invalid value "books" for --kind.'),
        (["library", "lst"], 'revenge: Unknown command "lst". Did you mean "list"?'),
        (["jobs", "get", "first"], 'revenge: Invalid value for JOB_ID: unable to convert "first" into int.'),
        (["jobs", "list", "--state", "failed"], 'revenge: Invalid value "failed" for --state.'),
        (["items", "--limit", "many"], "revenge: Invalid value for --limit"),
        (["--config"], "revenge: Parameter --config requires an argument."),
    ],
)
def test_wrong_words_are_one_clear_line(revenge, words, line):
    run = revenge(*words)

    assert one_line(run).startswith(line)
    assert run.returncode == 2


@pytest.mark.parametrize(
    "command",
    [
        ["serve"],
        ["work"],
        ["migrate"],
        ["config"],
        ["graph"],
        ["items"],
        ["library", "list"],
        ["jobs", "stats"],
        ["queue", "list"],
    ],
)
def test_a_wrong_configuration_ends_every_command_before_anything_starts(revenge, tmp_path, command):
    config = tmp_path / "wrong.yaml"
    config.write_text("jobs:\n  driver: asynq\nhttp: { port: none }\n")
    data = tmp_path / "data"
    run = revenge("--config", str(config), *command, REVENGE_DATA_DIR=str(data), REVENGE_NONSENSE="1")

    assert run.returncode == 2
    assert run.stdout == ""
    head, *problems = run.stderr.splitlines()
    assert head == "revenge: the configuration has 3 problems:"
    assert sorted(problems) == [
        f"  {config}, line 2: jobs.driver: must be 'river' (it is 'asynq')",
        f"  {config}, line 3: http.port: must be a whole number (it is 'none')",
        f"  REVENGE_NONSENSE: nonsense: there is no such setting; here are {', '.join(vars(Settings()))}",
    ]
    assert not data.exists()


def test_what_a_message_quotes_cannot_move_the_cursor(revenge):
    run = revenge("--config", "/no/such\x1b[2J.yaml", "config")

    assert "\x1b" not in run.stderr
    assert "/no/such\\x1b[2J.yaml: cannot be read" in run.stderr


def test_help_names_every_command(revenge):
    run = revenge("--help")

    assert run.returncode == 0
    for name in ("serve", "work", "migrate", "library", "items", "jobs", "queue", "config", "graph", "version"):
        assert f" {name} " in run.stdout


def test_help_is_there_for_each_command_of_a_group(revenge):
    for group, names in {
        "library": ("add", "list", "scan"),
        "jobs": ("list", "get", "cancel", "retry", "stats"),
        "queue": ("list", "pause", "resume"),
        "metadata": ("sources", "use", "reviews", "show", "search", "choose", "unmatch", "retry", "refresh"),
    }.items():
        run = revenge(group, "--help")
        assert all(f" {name} " in run.stdout for name in names)
        assert run.returncode == 0


def test_nothing_said_is_a_question_for_help(revenge):
    assert revenge().stdout == revenge("--help").stdout


def test_help_loads_nothing_heavy():
    """It is asked for most often by those who wait for it."""
    program = "import sys, app.cli; app.cli.main(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    for heavy in ("sqlalchemy", "fastapi", "psycopg", "pydantic", "prometheus_client", "structlog", "dishka", "av"):
        assert f"'{heavy}'" not in run.stderr


def test_the_version(revenge):
    assert revenge("version").stdout == f"revenge {__version__}\n"


def test_the_settings_in_force_are_shown_without_secrets(revenge):
    environ = {"DATABASE_URL": "postgresql://jo:hushhush@h/db", "REVENGE_METADATA__TMDB__TOKEN": "hushhush"}
    as_yaml, as_json = revenge("config", **environ), revenge("config", "--json", **environ)

    assert "hush" not in as_yaml.stdout + as_json.stdout
    assert yaml.safe_load(as_yaml.stdout) == json.loads(as_json.stdout)
    assert json.loads(as_json.stdout)["database"]["url"] == "user=jo password=*** dbname=db host=h"


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run(
        [sys.executable, "-m", "app", "config"],
        cwd=ROOT,
        env=clean_environment() | {"XDG_CONFIG_HOME": str(tmp_path)},
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(write)

    assert (run.returncode, run.stderr) == (141, "")


def test_ctrl_c_is_quiet():
    """However early it comes: the imports are the longest part of a short command."""
    program = (
        "import os, signal, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'app.cli.commands':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from app.cli import run\n"
        "sys.argv = ['revenge', 'config']\n"
        "run()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (run.returncode, run.stdout, run.stderr) == (128 + signal.SIGINT, "", "")
