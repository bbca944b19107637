"""What an administrator may set: one frozen tree, checked once, before anything starts."""

from app.config.problems import ConfigError, Problem
from app.config.sections.accounts import SecretsSettings
from app.config.sections.database import DatabaseSettings, PoolSettings
from app.config.sections.http import HttpSettings
from app.config.sections.jobs import (
    MAX_ATTEMPTS,
    CleanupSettings,
    JobsSettings,
    QueueSettings,
    RetrySettings,
    WorkersSettings,
)
from app.config.sections.library import ImagesSettings, LibrarySettings, ProbeSettings, VanishSettings, WatchSettings
from app.config.sections.metadata import MetadataSettings, TmdbSettings
from app.config.sections.operations import LogSettings
from app.config.sections.playback import PlaybackSettings, WatchedSettings
from app.config.sections.search import SearchSettings, TypesenseSettings
from app.config.settings import Settings

__all__ = [
    "MAX_ATTEMPTS",
    "CleanupSettings",
    "ConfigError",
    "DatabaseSettings",
    "HttpSettings",
    "ImagesSettings",
    "JobsSettings",
    "LibrarySettings",
    "LogSettings",
    "MetadataSettings",
    "PlaybackSettings",
    "PoolSettings",
    "ProbeSettings",
    "Problem",
    "QueueSettings",
    "RetrySettings",
    "SearchSettings",
    "SecretsSettings",
    "Settings",
    "TmdbSettings",
    "TypesenseSettings",
    "VanishSettings",
    "WatchSettings",
    "WatchedSettings",
    "WorkersSettings",
]
