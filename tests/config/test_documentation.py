"""What docs/configuration.md shows is what there is."""

import re

import pytest
import yaml

from app.config import ConfigError, Settings
from app.config.shape import paths
from tests.fixtures.node import ROOT

TEXT = (ROOT / "docs" / "configuration.md").read_text()


@pytest.fixture
def documented(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    (block,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    path = tmp_path / "config.yaml"
    path.write_text(block)
    return path


def test_the_documented_file_loads_as_the_defaults(documented):
    assert Settings.load(documented, {}) == Settings()


def test_every_setting_is_documented(documented):
    tree = yaml.safe_load(documented.read_text())
    for path in paths(Settings):
        value = tree
        for part in path:
            assert part in value, path
            value = value[part]


def test_the_documented_mistakes_read_as_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("\n\nhttp: { prt: 80 }\njobs:\n  retry: { max_interval: 10 }\n")
    with pytest.raises(ConfigError) as caught:
        Settings.load("config.yaml", {"REVENGE_DATABASE__POOL__MIN": "70"})

    assert f"revenge: {caught.value}\n" in TEXT
