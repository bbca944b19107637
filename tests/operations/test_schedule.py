"""What comes by itself is shown with its last run, how that went, and its next one."""

import json
from datetime import UTC, datetime, timedelta

from app.jobs.driver.driver import PeriodicRun
from app.operations.schedule import Schedule
from tests.fixtures.web import Web

THREE = datetime(2026, 11, 23, 3, tzinfo=UTC)


async def test_the_schedule_over_http_and_on_the_command_line(web: Web, driver, factory, revenge):
    output = {
        "analyzed_tables": 1200,
        "forgotten": {"audit_events": 2, "source_answers": 0},
        "broken_invariants": [{"invariant": "all is well", "count": 2, "examples": ["it", "is not"]}],
        "health": {"database_bytes": 3, "warnings": ["index broken is invalid"]},
    }
    ran = await factory.id_of(state="completed", kind="maintenance.database", metadata=json.dumps({"output": output}))
    runs = [
        PeriodicRun("cleanup.sessions", THREE, THREE + timedelta(hours=1), 999_999),
        PeriodicRun("maintenance.database", THREE, THREE + timedelta(days=1), ran),
        PeriodicRun("never", None, None, None),
    ]
    await driver.periodic_upsert_many(runs)
    assert [run.id for run in await Schedule(driver).runs()] == [run.id for run in runs]

    shown = (await web.http.get("/api/v1/schedule")).json()["schedule"]
    assert [(one["id"], one["last_run_at"], one["next_run_at"]) for one in shown] == [
        ("cleanup.sessions", "2026-11-23T03:00:00Z", "2026-11-23T04:00:00Z"),
        ("maintenance.database", "2026-11-23T03:00:00Z", "2026-11-24T03:00:00Z"),
        ("never", None, None),
    ]
    assert [one["last_job"] and one["last_job"]["metadata"]["output"] for one in shown] == [
        None,
        output,
        None,
    ]
    told = await revenge("jobs", "schedule")
    assert [line.split("\t") for line in told.out.splitlines()[-4:]] == [
        ["KIND", "LAST RUN", "ENDED AS", "RESULT", "NEXT RUN"],
        ["cleanup.sessions", "2026-11-23 03:00:00Z", "-", "-", "2026-11-23 04:00:00Z"],
        [
            "maintenance.database", "2026-11-23 03:00:00Z", "completed",
            "audit events forgotten 2, analyzed tables 1,200", "2026-11-24 03:00:00Z",
        ],
        ["never", "-", "-", "-", "-"],
    ]  # fmt: skip
    assert told.err.splitlines() == [
        "maintenance.database: does not hold 2 times: all is well; for one, it",
        "maintenance.database: index broken is invalid",
    ]
