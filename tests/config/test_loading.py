"""Where settings come from, which of two wins, and that every mistake is told with its place and without secrets."""

import os

import pytest

from app.config import ConfigError, Settings


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "revenge").mkdir(parents=True)
    return tmp_path / "home" / "revenge"


def problems(path=None, environ=None):
    with pytest.raises(ConfigError) as caught:
        Settings.load(path, environ or {})
    return caught.value.problems


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "some.yaml"
        path.write_text(text)
        return path

    return write


def test_the_given_file_wins_over_the_named_one_and_that_over_the_users_own(home, tmp_path):
    for port, path in enumerate([home / "config.yaml", tmp_path / "named.yaml", tmp_path / "given.yaml"], start=1):
        path.write_text(f"http: {{ port: {port} }}")
    named = {"REVENGE_CONFIG": str(tmp_path / "named.yaml")}

    assert Settings.load(None, {}).http.port == 1
    assert Settings.load(None, named).http.port == 2
    assert Settings.load(tmp_path / "given.yaml", named).http.port == 3


def test_only_the_users_own_file_may_be_absent(home, tmp_path):
    assert Settings.load(None, {}) == Settings()
    for path, environ in ((tmp_path / "gone.yaml", {}), (None, {"REVENGE_CONFIG": str(tmp_path / "gone.yaml")})):
        (problem,) = problems(path, environ)
        assert str(problem) == f"{tmp_path / 'gone.yaml'}: cannot be read: No such file or directory"


def test_the_environment_wins_over_the_file_value_by_value(write):
    path = write("http: { port: 1, host: '::1' }\njobs: { queues: { low: { workers: 9 } } }")
    settings = Settings.load(path, {"REVENGE_HTTP__PORT": "2", "REVENGE_JOBS__QUEUES__LOW__WORKERS": "3"})

    assert (settings.http.host, settings.http.port) == ("::1", 2)
    assert settings.jobs.workers_by_queue()["low"] == 3


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"DATABASE_URL": "postgresql://a/x"}, "postgresql://a/x"),
        ({"DATABASE_URL": "postgresql://a/x", "REVENGE_DATABASE__URL": "postgresql://b/x"}, "postgresql://b/x"),
        ({"DATABASE_URL": "postgresql://a/x", "REVENGE_DATABASE__URL": ""}, "postgresql://a/x"),
        ({"DATABASE_URL": ""}, "postgresql://file/x"),
    ],
)
def test_database_url_is_honoured(write, environ, expected):
    settings = Settings.load(write("database: { url: 'postgresql://file/x' }"), environ)

    assert settings.database.url.get_secret_value() == expected


@pytest.mark.parametrize("text", ["10.0.0.0/8,::1/128", "10.0.0.0/8, ::1/128,", '["10.0.0.0/8", "::1/128"]'])
def test_a_list_in_a_variable_is_written_with_commas_or_as_yaml(home, text):
    networks = Settings.load(None, {"REVENGE_HTTP__TRUSTED_PROXIES": text}).http.trusted_proxies

    assert [str(network) for network in networks] == ["10.0.0.0/8", "::1/128"]


def test_a_section_in_a_variable_is_written_as_yaml_and_its_parts_win(home):
    settings = Settings.load(
        None, {"REVENGE_JOBS__QUEUES": "{low: {workers: 7}, x: {}}", "REVENGE_JOBS__QUEUES__LOW__WORKERS": "8"}
    )

    assert settings.jobs.workers_by_queue() == {"default": 5, "high": 10, "low": 8, "scheduled": 2, "x": 10}


def test_an_empty_variable_counts_as_not_set_but_must_exist_as_a_setting(home):
    assert Settings.load(None, {"REVENGE_HTTP__PORT": ""}) == Settings()
    assert problems(environ={"REVENGE_HTTP__PRT": ""})[0].key == "http.prt"


@pytest.mark.parametrize(
    ("variable", "key"),
    [
        ("REVENGE_PORT", "port"),
        ("REVENGE_HTTP__PRT", "http.prt"),
        ("REVENGE_HTTP__PORT__NUMBER", "http.port"),
        ("REVENGE_JOBS__QUEUES__LOW__WORKER", "jobs.queues.low.worker"),
        ("REVENGE_HTTP_PORT", "http_port"),
        ("REVENGE_", ""),
    ],
)
def test_a_variable_that_is_no_setting_is_an_error(home, variable, key):
    (problem,) = problems(environ={variable: "1"})

    assert (problem.source, problem.key) == (variable, key)


def test_the_test_suites_own_variables_are_left_alone(home):
    assert Settings.load(None, {"REVENGE_TEST_POSTGRES": "system"}) == Settings()


def test_an_empty_section_is_no_mistake(write):
    assert Settings.load(write("http:\n#  port: 80\njobs:\n  queues:\n  retry:\n"), {}) == Settings()


def test_yaml_means_what_it_says(write):
    """YAML 1.1 would read a Norwegian as a boolean and an octal as eight."""
    settings = Settings.load(write("metadata: { language: no }\nhttp: { port: 010 }"), {})

    assert settings.metadata.language == "no"
    assert settings.http.port == 10


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("http: {\n", 2, "is not valid YAML"),
        ("a: 'hushhush\n", 2, "is not valid YAML"),
        ("token: *hushhush\n", 1, "is not valid YAML: found undefined alias …"),
        ("http: {port: 1}\nhttp: {port: 2}\n", 2, "stands there twice; the first is at"),
        ("http: { port: !!int hushhush }", 1, "does not fit its tag"),
        ("metadata: { tmdb: { token: !hushhush } }", 1, "has a tag"),
        ("--- {}\n--- {}\n", 2, "is not valid YAML"),
    ],
)
def test_a_broken_file_says_where_and_never_quotes_itself(write, text, line, message):
    found = problems(write(text))

    assert message in found[0].message
    assert found[0].source.endswith(f"some.yaml, line {line}")
    assert "hush" not in "".join(map(str, found))


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"a: \x01"])
def test_a_file_that_is_no_text_is_refused(tmp_path, data):
    (tmp_path / "binary.yaml").write_bytes(data)
    (problem,) = problems(tmp_path / "binary.yaml")

    assert problem.source.endswith("binary.yaml")


def test_a_file_that_is_a_list_is_refused(write):
    assert "must be a mapping" in problems(write("- a\n"))[0].message


def test_endless_nesting_is_refused(write):
    assert any("too deeply" in problem.message for problem in problems(write("jobs: &a { jobs: *a }")))


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    assert problems(tmp_path)[0].message == f"cannot be read: {os.strerror(21)}"


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("database: { url: 'mysql://jo:hushhush@h/db' }", {}),
        ("database: { url: 'postgresql://jo:hushhush@[h/db' }", {}),
        ("database: { url: 'host=h hushhush' }", {}),
        ("database: 'postgresql://jo:hushhush@h/db'", {}),
        ("database: { urll: 'postgresql://jo:hushhush@h/db' }", {}),
        ("database: { url: { password: hushhush } }", {}),
        ("database: { url: [hushhush] }", {}),
        ("metadata: { tmdb: hushhush }", {}),
        ("metadata: { tokn: hushhush }", {}),
        ("jobs: { queues: { low: hushhush } }", {}),
        ("", {"DATABASE_URL": "hushhush"}),
        ("", {"REVENGE_METADATA__TMDB": "hushhush"}),
        ("", {"REVENGE_METADATA__TMDB": "{token: 'hushhush"}),
        ("", {"REVENGE_TOKEN": "hushhush"}),
    ],
)
def test_no_message_tells_a_secret(write, text, environ):
    """A value may be shown where a plain one belongs; anything misplaced may be a secret that slipped a line."""
    found = problems(write(text), environ)

    assert len(found) == 1
    assert "hush" not in str(found[0])


def test_all_problems_are_told_at_once(write):
    path = write("http: { port: x }\njobs: { driver: asynq }\njobs: {}\n")
    found = problems(path, {"REVENGE_LOG__LEVEL": "loud", "REVENGE_DATABASE__POOL__MIN": "50"})

    assert {(problem.key, problem.source.removeprefix(str(path))) for problem in found} == {
        ("http.port", ", line 1"),
        ("jobs", ", line 3"),
        ("jobs.driver", ", line 2"),
        ("log.level", "REVENGE_LOG__LEVEL"),
        ("database.pool", "REVENGE_DATABASE__POOL__MIN"),
    }
    with pytest.raises(ConfigError, match="the configuration has 5 problems:\n"):
        Settings.load(path, {"REVENGE_LOG__LEVEL": "loud", "REVENGE_DATABASE__POOL__MIN": "50"})
