"""What an administrator may set: one frozen tree, checked once, before anything starts."""

from app.config.problems import ConfigError, Problem
from app.config.settings import (
    CleanupSettings,
    DatabaseSettings,
    HttpSettings,
    JobsSettings,
    LibrarySettings,
    LogSettings,
    MetadataSettings,
    PlaybackSettings,
    PoolSettings,
    ProbeSettings,
    QueueSettings,
    RetrySettings,
    Settings,
    TmdbSettings,
    VanishSettings,
    WatchSettings,
    WorkersSettings,
)

__all__ = [
    "CleanupSettings",
    "ConfigError",
    "DatabaseSettings",
    "HttpSettings",
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
    "Settings",
    "TmdbSettings",
    "VanishSettings",
    "WatchSettings",
    "WorkersSettings",
]
