"""The tree of settings. Defaults are what a person with one disk needs; every number here can be set.

The classes are dataclasses rather than models because River's word `schema` is taken on a pydantic model.
"""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic.dataclasses import dataclass

from app.config.sections.accounts import AccountsSettings, SecretsSettings
from app.config.sections.checks import STRICT_KEYS, AbsolutePath
from app.config.sections.database import DatabaseSettings
from app.config.sections.http import HttpSettings
from app.config.sections.jobs import JobsSettings
from app.config.sections.library import LibrarySettings
from app.config.sections.metadata import MetadataSettings
from app.config.sections.operations import LogSettings, OperationsSettings
from app.config.sections.playback import PlaybackSettings
from app.config.sections.search import SearchSettings


def _xdg(variable: str, fallback: str) -> Path:
    """A base directory as freedesktop.org names it; a relative value is to be ignored, by that specification."""
    base = os.environ.get(variable, "")
    return (Path(base) if base.startswith("/") else Path(fallback).expanduser()) / "revenge"


def default_data_dir() -> Path:
    return _xdg("XDG_DATA_HOME", "~/.local/share")


def default_config_path() -> Path:
    return _xdg("XDG_CONFIG_HOME", "~/.config") / "config.yaml"


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class Settings:
    """Everything that can be set. `Settings()` is the defaults; `Settings.load` reads file and environment."""

    data_dir: AbsolutePath = dataclasses.field(default_factory=default_data_dir)
    store_dir: AbsolutePath | None = None
    """What is made and fetched: pictures and their renditions. Nodes may share it. None: `store` in `data_dir`."""
    database: DatabaseSettings = DatabaseSettings()
    http: HttpSettings = HttpSettings()
    secrets: SecretsSettings = SecretsSettings()
    accounts: AccountsSettings = AccountsSettings()
    jobs: JobsSettings = JobsSettings()
    library: LibrarySettings = LibrarySettings()
    metadata: MetadataSettings = MetadataSettings()
    search: SearchSettings = SearchSettings()
    playback: PlaybackSettings = PlaybackSettings()
    operations: OperationsSettings = OperationsSettings()
    log: LogSettings = LogSettings()

    @property
    def store(self) -> Path:
        """Where what is made and fetched lies."""
        return self.store_dir if self.store_dir is not None else self.data_dir / "store"

    @classmethod
    def load(cls, path: Path | None = None, environ: Mapping[str, str] | None = None) -> Self:
        """Read the file, then the environment over it.

        Raises:
            ConfigError: with every problem of both.
        """
        from app.config.loading import load  # noqa: PLC0415  loading needs this module's classes

        return load(cls, path, os.environ if environ is None else environ)
