"""What a client is when it is told nothing."""

import re
import socket
from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.client_config import ClientConfig


@pytest.mark.parametrize(
    ("host", "start"),
    [
        ("vm.example.org", "vm_example_org_"),
        ("", "unknown_host_"),
        ("h" * 64, "h" * 60 + "_"),
        ("é" * 31, "é" * 30 + "_"),  # cut by bytes, between characters
    ],
)
def test_the_default_id_is_rivers(monkeypatch, host, start):
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    before = datetime.now(UTC)

    config = ClientConfig()

    config.check()
    assert config.id.startswith(start)
    time = config.id.removeprefix(start)
    assert re.fullmatch(r"\d{4}_\d\d_\d\dT\d\d_\d\d_\d\d_\d{6}", time)
    assert before <= datetime.strptime(time, "%Y_%m_%dT%H_%M_%S_%f").replace(tzinfo=UTC) <= datetime.now(UTC)


def test_with_nothing_said_rivers_numbers_hold_but_for_the_cooldown():
    config = ClientConfig()

    assert (config.fetch_cooldown, config.fetch_poll_interval) == (timedelta(milliseconds=10), timedelta(seconds=1))
    assert (config.job_timeout, config.rescue_after) == (timedelta(minutes=1), timedelta(hours=1))
    assert (config.max_attempts, config.soft_stop_timeout) == (25, None)
    assert config.completed_job_retention_period == config.cancelled_job_retention_period == timedelta(hours=24)
    assert config.discarded_job_retention_period == timedelta(days=7)
    assert not config.poll_only
    assert not config.leader_election_disabled
