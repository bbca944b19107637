"""What `make conformance` says of a run, and why it does not run."""

import json
import os
import subprocess
import sys

from tests.conformance.harness import HARNESS, Results, counted, overlay, run_fixtures, why_not


def said(action: str, test: str, **more: str) -> str:
    return json.dumps({"Action": action, "Package": "harness", "Test": test, **more})


def test_scenarios_are_counted_once_whatever_their_directions():
    results = Results()
    for line in (
        said("run", "TestJobs/InsertRows/postgres"),
        said("pass", "TestJobs/InsertRows/postgres"),
        said("pass", "TestJobs/InsertRows"),
        said("pass", "TestJobs/LargeIDs/postgres/candidate_first"),
        said("output", "TestJobs/LargeIDs/postgres/reference_first", Output="ids differ\n"),
        said("fail", "TestJobs/LargeIDs/postgres/reference_first"),
        said("fail", "TestJobs/LargeIDs/postgres"),
        said("fail", "TestJobs"),
        said("skip", "TestChaos"),
        said("pass", "TestRuntimeRows/postgres"),
        json.dumps({"Action": "fail", "Package": "harness"}),
    ):
        results.read(line)

    assert results.outcomes == {"TestJobs/InsertRows": True, "TestJobs/LargeIDs": False, "TestRuntimeRows": True}
    assert list(results.report("nightly")) == ["ids differ\n", "nightly: 2/3 scenarios passed\n"]


def test_speeds_are_told_even_when_all_is_well():
    results = Results()
    compared = "    x_test.go:1: enqueue: reference 1500.0 jobs/s p95 0.8ms; candidate 1400.0 jobs/s p95 0.9ms\n"
    results.read(said("output", "TestPerformance/Throughput/postgres", Output=compared))
    results.read(said("pass", "TestPerformance/Throughput/postgres"))
    assert list(results.report("nightly")) == [compared, "nightly: 1/1 scenarios passed\n"]


def test_what_does_not_build_is_told_in_the_go_commands_own_words():
    results = Results()
    results.read("harness/x.go:1: expected 'package'\n")
    assert results.outputs[""] == ["harness/x.go:1: expected 'package'\n"]
    assert list(results.report("nightly")) == ["nightly: 0/0 scenarios passed\n"]


def test_our_entry_lies_over_the_checkout_and_leaves_it_alone(tmp_path):
    checkout, directory = tmp_path / "river", tmp_path / "ours"
    (checkout / HARNESS).mkdir(parents=True)
    directory.mkdir()
    replaced = json.loads(overlay(checkout, directory, "go").read_text())["Replace"]

    ((over, ours),) = replaced.items()
    assert over == str(checkout / HARNESS / "revenge_test.go")
    entry = (directory / ours).read_text()
    assert json.dumps(sys.executable) in entry
    assert '"enqueue": {MaxP95Ratio: 2, MinThroughputRatio: 0.4}' in entry
    assert list((checkout / HARNESS).iterdir()) == []


def test_it_says_why_it_is_skipped(tmp_path, monkeypatch):
    assert "RIVER_CHECKOUT" in (why_not("") or "")
    assert str(HARNESS) in (why_not(str(tmp_path)) or "")
    (tmp_path / HARNESS).mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no Go" in (why_not(str(tmp_path)) or "")


def test_a_skipped_run_is_no_failure():
    environment = {name: value for name, value in os.environ.items() if name != "RIVER_CHECKOUT"}
    run = subprocess.run(
        [sys.executable, "-m", "tests.conformance.harness"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "conformance: skipped, RIVER_CHECKOUT names no checkout of River\n")


def test_cases_of_the_generated_fixtures_are_counted(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="7" failures="1" errors="2" skipped="1"/></testsuites>')
    assert counted(report) == (3, 7)


def test_a_checkout_without_generated_fixtures_is_no_failure_and_told(tmp_path, capsys):
    assert run_fixtures(tmp_path)
    assert capsys.readouterr().out.startswith("fixtures: skipped, ")


def test_generated_fixtures_that_cannot_be_read_are_a_failure(tmp_path, capfd):
    (tmp_path / "conformance" / "testdata").mkdir(parents=True)
    assert not run_fixtures(tmp_path)
    assert "fixtures: 0/1 cases passed" in capfd.readouterr().out
