"""The tree itself: its defaults, the documented block, and what each value refuses."""

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from app.config import ConfigError, JobsSettings, Settings
from app.config.show import secret_values, shown, without_password
from app.jobs.names import check_queue_name

DOCUMENTED_JOBS = """\
jobs:
  enabled: true
  driver: "river"
  schema: "river"
  workers: { count: 10 }                                  # for a queue that names no number of its own
  queues: { default: {workers: 5}, high: {workers: 10}, low: {workers: 2}, scheduled: {workers: 2} }
  retry: { max_attempts: 5, backoff_multiplier: 2, initial_interval: "1s", max_interval: "1h" }
  cleanup: { completed_jobs_retention: "7d", cancelled_jobs_retention: "24h", discarded_jobs_retention: "30d" }
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a YAML text and an environment, far from the user's own file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))

    def load(text="", **environ):
        file = tmp_path / "config.yaml"
        file.write_text(text)
        return Settings.load(file, environ)

    return load


def refusal(load, text="", **environ):
    with pytest.raises(ConfigError) as caught:
        load(text, **environ)
    (problem,) = caught.value.problems
    return problem


def test_the_documented_jobs_block_loads_verbatim_and_is_the_default(load):
    settings = load(DOCUMENTED_JOBS)

    assert settings == Settings()
    assert settings.jobs.workers_by_queue() == {"default": 5, "high": 10, "low": 2, "scheduled": 2}
    assert settings.jobs.retry.max_interval == timedelta(hours=1)
    assert settings.jobs.cleanup.discarded_jobs_retention == timedelta(days=30)


def test_an_empty_file_and_an_empty_environment_are_the_defaults(load):
    settings = load("# nothing yet\n")

    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8484)
    assert settings.database.url is None
    assert (settings.database.pool.min, settings.database.pool.max) == (2, 20)
    assert settings.log.level == "info"


def test_the_data_directory_follows_the_base_directories(monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/share")
    assert Settings().data_dir == Path("/srv/share/revenge")
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", "/home/jo")
    assert Settings().data_dir == Path("/home/jo/.local/share/revenge")


def test_a_data_directory_is_made_absolute(load, monkeypatch):
    monkeypatch.setenv("HOME", "/home/jo")
    assert load("data_dir: ~/films/../revenge").data_dir == Path("/home/jo/revenge")


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().jobs.retry.max_attempts = 6


def test_naming_one_queue_keeps_the_others(load):
    jobs = load("jobs: { queues: { transcode: {}, low: {workers: 0} } }").jobs

    assert jobs.workers_by_queue() == {"default": 5, "high": 10, "scheduled": 2, "transcode": 10}


@pytest.mark.parametrize("name", ["default", "tenant|emails", "a-b_c|0", "x" * 64])
def test_queues_are_named_as_the_queue_itself_allows(load, name):
    assert check_queue_name(name) in load(f"jobs: {{ queues: {{ '{name}': {{}} }} }}").jobs.workers_by_queue()


def test_a_retention_may_be_for_ever(load):
    assert load("jobs: { cleanup: { completed_jobs_retention: null } }").jobs.cleanup.completed_jobs_retention is None


@pytest.mark.parametrize(
    ("text", "key", "what_would_be_right"),
    [
        ("jobs: { driver: asynq }", "jobs.driver", "must be 'river' (it is 'asynq')"),
        ("jobs: { schema: ri-ver }", "jobs.schema", "must be made of letters, digits and underscores"),
        ("jobs: { schema: 9river }", "jobs.schema", "not begin with a digit"),
        (f"jobs: {{ schema: {'x' * 47} }}", "jobs.schema", "at most 46 bytes"),
        ("jobs: { queues: { UP: {} } }", "jobs.queues.UP", "must match"),
        ("jobs: { queues: { 'a|': {} } }", "jobs.queues.a|", "must match"),
        ("jobs: { queues: { low: {workers: 10001} } }", "jobs.queues.low.workers", "must be at most 10000"),
        ("jobs: { queues: { low: {worker: 2} } }", "jobs.queues.low.worker", "did you mean jobs.queues.low.workers?"),
        ("jobs: { retry: { max_attempts: 0 } }", "jobs.retry.max_attempts", "must be at least 1 (it is 0)"),
        ("jobs: { retry: { initial_interval: 2h } }", "jobs.retry", "must not be longer than max_interval"),
        ("jobs: { retry: { max_interval: 3600 } }", "jobs.retry.max_interval", "a duration such as"),
        ("jobs: { fetch_cooldown: 0 }", "jobs.fetch_cooldown", "must be at least 1ms"),
        ("jobs: { fetch_poll_interval: 9ms }", "jobs", "must not be shorter than fetch_cooldown"),
        (
            "jobs: { cleanup: { completed_jobs_retention: 1000w9999w }}",
            "jobs.cleanup.completed_jobs_retention",
            "null",
        ),
        ("database: { pool: { min: 30 } }", "database.pool", "min (30) must not be above max (20)"),
        ("database: { url: 'mysql://h/db' }", "database.url", "is not a PostgreSQL address"),
        ("http: { host: 'http://x' }", "http.host", "must be an address"),
        ("http: { names: ['media.example.org:8484'] }", "http.names.0", "must be a host name alone"),
        ("accounts: { first: { name: Ada } }", "accounts.first", "must be set together"),
        ("accounts: { first: { name: Ada, password: short } }", "accounts.first.password", "at least 8"),
        ("http: { port: 65536 }", "http.port", "must be at most 65535"),
        ("http: { trusted_proxies: [10.0.0.0/8, nowhere] }", "http.trusted_proxies.1", "a network such as"),
        ("http: { port: many }", "http.port", "must be a whole number (it is 'many')"),
        ("http: { port: 1.5 }", "http.port", "must be a whole number (it is 1.5)"),
        ("http: { host: 1 }", "http.host", "must be text (it is 1)"),
        ("http: { trusted_proxies: {} }", "http.trusted_proxies", "must be a list"),
        ("jobs: { enabled: maybe }", "jobs.enabled", "must be true or false (it is 'maybe')"),
        ("jobs: { queues: [low] }", "jobs.queues", "must be a mapping"),
        ("jobs: { retry: { backoff_multiplier: fast } }", "jobs.retry.backoff_multiplier", "must be a number"),
        ("http: 8484", "http", "must be a mapping with the keys host, port, names"),
        ("playback: x", "playback", "must be a mapping"),
        ("library: { probe: { memory: lots } }", "library.probe.memory", "must be a size such as 512MiB"),
        ("log: { level: loud }", "log.level", "must be 'debug', 'info', 'warning' or 'error' (it is 'loud')"),
        ("prt: 80", "prt", "there is no such setting; did you mean http.port?"),
        ("schema: river", "schema", "did you mean jobs.schema?"),
        ("colour: red", "colour", "here are data_dir, store_dir, database, http"),
        ("data_dir: '~nobody-of-that-name/x'", "data_dir", "write the path in full"),
    ],
)
def test_a_wrong_value_names_its_key_its_line_and_what_would_be_right(load, text, key, what_would_be_right):
    problem = refusal(load, f"# a comment\n{text}\n")

    assert problem.key == key
    assert what_would_be_right in problem.message
    assert problem.source.endswith("config.yaml, line 2")


@pytest.mark.parametrize(("size", "accepted"), [(45, True), (46, True), (47, False)])
def test_a_schema_leaves_room_for_the_longest_channel(size, accepted):
    name = "s" * size
    if accepted:
        assert len(f"{JobsSettings(schema=name).schema}.river_leadership") <= 63
    else:
        with pytest.raises(ValueError, match="at most 46 bytes"):
            JobsSettings(schema=name)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "nas.local"])
def test_addresses_and_names_may_be_listened_on(load, host):
    assert load(f"http: {{ host: '{host}' }}").http.host == host


SECRETS = {
    "database": {"url": "postgresql://jo:hush%40hush@db.example:5433/films?sslmode=require"},
    "metadata": {"tmdb": {"token": "hushhush"}},
    "secrets": {"key": "aHVzaGh1c2hodXNoaHVzaGh1c2hodXNoaHVzaGh1c2g="},
    "accounts": {"first": {"name": "Ada", "password": "hush a hush"}},
}


def test_secrets_are_in_no_repr_and_not_in_what_is_shown():
    settings = Settings(**SECRETS)

    assert settings.database.url.get_secret_value() == SECRETS["database"]["url"]
    for text in (repr(settings), str(settings), repr(settings.database), str(shown(settings))):
        assert "hush" not in text
        assert "aHVz" not in text
    assert shown(settings)["database"]["url"] == (
        "user=jo password=*** dbname=films host=db.example port=5433 sslmode=require"
    )


def test_the_secrets_themselves_are_known_to_the_log():
    assert sorted(secret_values(Settings(**SECRETS))) == [
        SECRETS["secrets"]["key"],
        "hush a hush",
        "hush@hush",
        "hushhush",
    ]
    assert secret_values(Settings()) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://jo:hush@h/db",
        "postgresql+asyncpg://jo:hush@h/db",
        "postgres://jo:hush@h/db",
        "host=h user=jo password=hush dbname=db",
    ],
)
def test_an_address_is_taken_in_all_its_spellings(url):
    shown_address = without_password(Settings(database={"url": url}).database.url)

    assert sorted(shown_address.split()) == ["dbname=db", "host=h", "password=***", "user=jo"]


def test_what_is_shown_loads_again_as_the_same_settings():
    settings = Settings(http={"trusted_proxies": ["10.0.0.0/8"]}, library={"roots": ["0199"]})

    assert TypeAdapter(Settings).validate_python(shown(settings)) == settings


@pytest.mark.parametrize(
    "key", ["hushhush", "", ",", "aHVzaGh1c2g=", "aHVzaGh1c2hodXNoaHVzaGh1c2hodXNoaHVzaGh1c2g=," * 2]
)
def test_a_key_for_secrets_has_32_bytes_and_is_not_quoted(load, key):
    with pytest.raises(ConfigError) as told:
        load(f"secrets: {{ key: '{key}' }}")
    assert "secrets.key: " in str(told.value)
    assert "hush" not in str(told.value)
    assert "aHVz" not in str(told.value)


def test_keys_for_secrets_stand_in_one_place(load):
    with pytest.raises(ConfigError, match="key and key_file cannot be set together"):
        load("secrets: { key: aHVzaGh1c2hodXNoaHVzaGh1c2hodXNoaHVzaGh1c2g=, key_file: /there }")
