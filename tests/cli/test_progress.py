"""Watching a job: what is printed while it runs, and how its end is told."""

import itertools
import json
import sys
from datetime import UTC, datetime

import pytest

from app.cli import progress
from app.cli.progress import Bar, Progress, watch
from app.cli.report import Report
from app.jobs.types import AttemptError, JobRow, JobState
from app.web.api_v1.job_view import Job

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def job(state, output=None, errors=()):
    row = JobRow(
        id=7,
        state=JobState(state),
        attempt=1,
        max_attempts=5,
        attempted_at=NOW,
        created_at=NOW,
        finalized_at=None,
        scheduled_at=NOW,
        priority=2,
        encoded_args=b"{}",
        attempted_by=[],
        errors=[AttemptError(at=NOW, attempt=1, error=error) for error in errors],
        kind="library.scan",
        metadata=json.dumps({} if output is None else {"output": output}).encode(),
        queue="default",
        tags=[],
        unique_key=None,
        unique_states=None,
    )
    return Job.of(row)


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(progress, "POLL", 0)


def telling(*jobs):
    """Return these, one a call, and the last for ever."""
    rows = itertools.chain(jobs, itertools.repeat(jobs[-1]))

    async def get(job_id):
        assert job_id == 7
        return next(rows)

    return get


async def test_a_pipe_gets_one_line_for_each_change(hurried, capsys):
    running = job("running", {"phase": "files", "files": 1200, "added": 0, "total": 3000})
    last, code = await watch(telling(job("available"), running, running, job("completed", {"files": 3000})), 7)

    assert (last.state, code) == (JobState.COMPLETED, 0)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1] == ["job 7: available", "job 7: running files files 1,200", "job 7: completed files 3,000"]
    assert lines[-1].startswith("job 7 completed in ")
    assert lines[-1].endswith(" s: files 3,000")


@pytest.mark.parametrize(("state", "errors"), [("discarded", ["the disk is away"]), ("cancelled", [])])
async def test_any_other_end_is_a_failure(hurried, capsys, state, errors):
    _, code = await watch(telling(job(state, errors=errors)), 7)

    assert code == 1
    assert capsys.readouterr().err == f"job 7 was {state}{''.join(f': {error}' for error in errors)}\n"


async def test_a_failed_attempt_is_not_the_end(hurried, capsys):
    _, code = await watch(telling(job("retryable", errors=["once"]), job("running"), job("completed")), 7)

    assert code == 0
    assert "job 7: retryable" in capsys.readouterr().out


async def test_a_job_that_nobody_takes_is_said_once(hurried, monkeypatch, capsys):
    monkeypatch.setattr(progress, "LONELY_AFTER", -1)
    await watch(telling(*[job("available")] * 5, job("completed")), 7)

    assert capsys.readouterr().err.count("no node has taken job 7 yet") == 1


async def test_nothing_is_said_when_json_follows(hurried, capsys):
    await watch(telling(job("running", {"files": 3}), job("completed")), 7, quiet=True)

    assert capsys.readouterr().out == ""


async def test_a_terminal_gets_a_bar(hurried, monkeypatch, capsys):
    """The bar draws on whatever stdout is; here that is no terminal, and the last state alone is drawn."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, code = await watch(
        telling(job("running", {"phase": "[red]files", "files": 10, "total": 20}), job("completed")), 7
    )

    assert code == 0
    assert "job 7 completed" in capsys.readouterr().out


def test_the_bar_shows_phase_counts_and_share():
    bar = Bar()
    try:
        bar.show(job("running"), Progress.of(job("running", {"phase": "[b]files", "files": 10, "total": 20})))
        (task,) = bar.tasks
    finally:
        bar.close()

    assert (task.description, task.completed, task.total) == ("[b]files", 10, 20)
    assert task.fields["counts"] == "files 10"


@pytest.mark.parametrize("output", [None, 3, "text", [1], {"phase": 3, "files": "many", "full": True, "part": 0.5}])
def test_an_output_of_another_shape_says_nothing(output):
    assert Progress.of(job("running", output)) == Progress()


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (None, ""),
        (job("completed", {"logins": 3, "codes": 0}), "logins 3"),
        (job("completed", {"logins": 0}), "nothing to do"),
        (job("completed", "done"), ""),
        (job("retryable", {"logins": 3}, ["no disk"]), "no disk"),
        (job("running", {"logins": 3}), ""),
    ],
)
def test_what_a_job_that_keeps_the_house_reports(job, text):
    assert Report.of(job) == Report(text)
