"""The tree of settings. Defaults are what a person with one disk needs; every number here can be set.

The classes are dataclasses rather than models because River's word `schema` is taken on a pydantic model.
"""

import dataclasses
import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic.dataclasses import dataclass

from app.config.durations import Duration
from app.config.sealing_keys import sealing_keys

STRICT_KEYS = ConfigDict(extra="forbid")

MAX_SCHEMA_BYTES = 46
"""A NOTIFY channel has 63 bytes; the dot and River's longest topic, `river_leadership`, take 17 of them."""

MAX_WORKERS = 10_000
"""River's own ceiling for one queue."""

MAX_ATTEMPTS = 32_767
"""The column is a smallint."""


def _xdg(variable: str, fallback: str) -> Path:
    """A base directory as freedesktop.org names it; a relative value is to be ignored, by that specification."""
    base = os.environ.get(variable, "")
    return (Path(base) if base.startswith("/") else Path(fallback).expanduser()) / "revenge"


def default_data_dir() -> Path:
    return _xdg("XDG_DATA_HOME", "~/.local/share")


def default_config_path() -> Path:
    return _xdg("XDG_CONFIG_HOME", "~/.config") / "config.yaml"


def _absolute(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("must not hold a NUL character")
    try:
        return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100  Path.absolute keeps `..`, resolve reads the disk
    except RuntimeError:
        raise ValueError("has a ~ whose home directory is not known; write the path in full") from None


def _identifier(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("must be made of letters, digits and underscores, and not begin with a digit")
    if len(name) > MAX_SCHEMA_BYTES:
        raise ValueError(f"must have at most {MAX_SCHEMA_BYTES} bytes, so that a channel's name still fits")
    return name


def _postgres_address(url: SecretStr) -> SecretStr:
    """Accept what libpq accepts, and SQLAlchemy's `postgresql+driver://` too.

    What libpq says about a wrong one is not repeated: it may quote the password.
    """
    from psycopg import ProgrammingError, conninfo  # noqa: PLC0415  loading libpq costs a tenth of a second

    address = re.sub(r"^postgres(?:ql)?(?:\+\w+)?://", "postgresql://", url.get_secret_value().strip())
    try:
        if not conninfo.conninfo_to_dict(address):
            raise ValueError("is empty; leave it out to use the PostgreSQL that comes along")
    except ProgrammingError:
        raise ValueError(
            "is not a PostgreSQL address; write postgresql://user:password@host:5432/database "
            "(characters such as @ / : in a password as %40 %2F %3A)"
        ) from None
    return SecretStr(address)


def _address(host: str) -> str:
    """What a socket can be bound to, on this machine or in general: a name is looked up when we listen."""
    if not re.fullmatch(r"[0-9A-Za-z.:_-]{1,253}", host):
        raise ValueError("must be an address (127.0.0.1, ::1, 0.0.0.0 for all) or a name of this machine")
    return host


def _host_name(name: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,63}(\.[0-9A-Za-z_-]{1,63})*", name):
        raise ValueError("must be a host name alone, such as media.example.org")
    return name.lower()


def _origin(origin: str) -> str:
    """A browser writes an origin in one way only, and it is compared as a whole."""
    match = re.fullmatch(r"(https?)://([0-9a-z_.-]{1,253}|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", origin)
    if match is None:
        raise ValueError(
            "must be an origin as browsers write it, such as https://films.example.org or http://127.0.0.1:3000: "
            "in lower case, without a path; there is no wildcard"
        )
    if match[3] in (("443",) if match[1] == "https" else ("80",)):
        raise ValueError("must not name the scheme's own port: browsers leave it out")
    return origin


def _cron(expression: str) -> str:
    """Five fields, checked in full when the schedule is made: the queue that knows them is above this module."""
    fields = re.sub(r"^(CRON_)?TZ=\S+ ", "", expression).split()
    if len(fields) != 5 and not re.fullmatch(r"@[a-z]+( \S+)?", expression):  # noqa: PLR2004  cron's five
        raise ValueError("must be a cron expression such as '30 3 * * *', or '@daily'")
    return expression


def _base_url(url: str) -> str:
    if not re.fullmatch(r"https?://[0-9A-Za-z._-]+(?::[0-9]{1,5})?(?:/[0-9A-Za-z._~/-]*)?", url):
        raise ValueError("must be an address such as https://mirror.example.org/api, without a name or password in it")
    return url.rstrip("/")


def _sealing(keys: SecretStr) -> SecretStr:
    sealing_keys(keys.get_secret_value())
    return keys


def _lasting(duration: timedelta) -> timedelta:
    if duration < timedelta(milliseconds=1):
        raise ValueError("must be at least 1ms")
    return duration


def _over(defaults: Mapping[str, Any]) -> Callable[[Any], Any]:
    def merge(given: Any) -> Any:
        return {**defaults, **given} if isinstance(given, Mapping) else given

    return merge


LogLevel = Literal["debug", "info", "warning", "error"]
QueueName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[_|-][a-z0-9]+)*$", max_length=64)]
PositiveDuration = Annotated[Duration, AfterValidator(_lasting)]


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class PoolSettings:
    """Connections for the web face and the workers. The queue's own actors have a few more beside these."""

    min: Annotated[int, Field(ge=0)] = 2
    max: Annotated[int, Field(ge=1, le=1_000)] = 20

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) must not be above max ({self.max})")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class DatabaseSettings:
    url: Annotated[SecretStr, AfterValidator(_postgres_address)] | None = None
    """None: PostgreSQL is run as our own child, in the data directory."""
    pool: PoolSettings = PoolSettings()
    connect_timeout: PositiveDuration = timedelta(seconds=30)
    """How long a start waits for a server that does not answer yet."""
    binaries: Annotated[Path, AfterValidator(_absolute)] | None = None
    """The bin directory of the PostgreSQL to run as our own child. None: the one that came along, else the system's."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class RateLimitSettings:
    """Requests that one asker may make within the window, on each node. None: as many as they like."""

    viewer: Annotated[int, Field(ge=1)] | None = 12_000
    address: Annotated[int, Field(ge=1)] | None = 24_000
    """A household behind one router, or behind a proxy that is not trusted, is one address."""
    media: Annotated[int, Field(ge=1)] | None = 60_000
    """Bytes of media, for a viewer as for an address: streams, segments, pictures. They do not count elsewhere."""
    window: PositiveDuration = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class HttpSettings:
    host: Annotated[str, AfterValidator(_address)] = "127.0.0.1"
    """Others than loopback addresses only once there is an account: until then whoever reaches us may do everything."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8484
    """0: any free one."""
    names: tuple[Annotated[str, AfterValidator(_host_name)], ...] = ()
    """What else requests may call us by, beside addresses and localhost."""
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Networks whose X-Forwarded-* headers are believed."""
    cors_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    """Whose pages may use this server from a browser."""
    rate_limit: RateLimitSettings = RateLimitSettings()
    max_requests: Annotated[int, Field(ge=1, le=100_000)] = 256
    """Requests that wait for an answer at once; further ones are asked to come back."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class SecretsSettings:
    """What secrets in the database are sealed with: provider tokens, for instance."""

    key: Annotated[SecretStr, AfterValidator(_sealing)] | None = None
    """The key itself; or several with commas, of which the first seals and all open. None: it is in the file."""
    key_file: Annotated[Path, AfterValidator(_absolute)] | None = None
    """Made on the first start. None: `secrets.key` in the data directory."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.key is not None and self.key_file is not None:
            raise ValueError("key and key_file cannot be set together")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class FirstAccountSettings:
    """The first administrator, for machines that nobody types at. Ignored once there is an account."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    password: Annotated[SecretStr, Field(min_length=8, max_length=256)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.name is None) != (self.password is None):
            raise ValueError("name and password must be set together")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class AccountsSettings:
    first: FirstAccountSettings = FirstAccountSettings()
    audit_retention: PositiveDuration | None = timedelta(days=400)
    """How long the book of what was done is kept. None: for ever."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class WorkersSettings:
    count: Annotated[int, Field(ge=1, le=MAX_WORKERS)] = 10
    """For a queue that names no number of its own."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class QueueSettings:
    workers: Annotated[int, Field(ge=0, le=MAX_WORKERS)] | None = None
    """None: `jobs.workers.count`. 0: this node does not work this queue."""


DEFAULT_QUEUES: dict[str, QueueSettings] = {
    "default": QueueSettings(workers=5),
    "high": QueueSettings(workers=10),
    "low": QueueSettings(workers=2),
    "scheduled": QueueSettings(workers=2),
}
"""Always there: a kind's queue that no node works would keep its jobs for ever. Naming others only adds to them."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class RetrySettings:
    """After n errors a job waits min(initial_interval × backoff_multiplier^n, max_interval), give or take a tenth."""

    max_attempts: Annotated[int, Field(ge=1, le=MAX_ATTEMPTS)] = 5
    backoff_multiplier: Annotated[float, Field(ge=1, le=1_000, allow_inf_nan=False)] = 2
    initial_interval: PositiveDuration = timedelta(seconds=1)
    max_interval: PositiveDuration = timedelta(hours=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.initial_interval > self.max_interval:
            raise ValueError("initial_interval must not be longer than max_interval")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class CleanupSettings:
    """How long finished jobs stay in the table. None (`null`): for ever."""

    completed_jobs_retention: PositiveDuration | None = timedelta(days=7)
    cancelled_jobs_retention: PositiveDuration | None = timedelta(hours=24)
    discarded_jobs_retention: PositiveDuration | None = timedelta(days=30)


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class JobsSettings:
    enabled: bool = True
    """False: jobs are inserted here and worked elsewhere."""
    driver: Literal["river"] = "river"
    schema: Annotated[str, AfterValidator(_identifier)] = "river"
    workers: WorkersSettings = WorkersSettings()
    queues: Annotated[dict[QueueName, QueueSettings], BeforeValidator(_over(DEFAULT_QUEUES))] = dataclasses.field(
        default_factory=lambda: dict(DEFAULT_QUEUES)
    )
    retry: RetrySettings = RetrySettings()
    cleanup: CleanupSettings = CleanupSettings()
    fetch_cooldown: PositiveDuration = timedelta(milliseconds=10)
    """The least time between two fetches of one queue: what a burst of small inserts waits to be gathered."""
    fetch_poll_interval: PositiveDuration = timedelta(seconds=1)
    """How often a queue looks by itself, for what no notification announced."""
    soft_stop_timeout: Duration = timedelta(seconds=10)
    """How long running jobs may go on after a stop was asked for; then they are interrupted and given back."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.fetch_poll_interval < self.fetch_cooldown:
            raise ValueError("fetch_poll_interval must not be shorter than fetch_cooldown")
        return self

    def workers_by_queue(self) -> dict[str, int]:
        """How many workers each queue has on this node; queues that it does not work are left out."""
        counts = {
            name: self.workers.count if queue.workers is None else queue.workers for name, queue in self.queues.items()
        }
        return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class VanishSettings:
    """When a scan must not believe its eyes: more files gone at once than both limits, and the root is doubted."""

    max_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Of the root's known files."""
    max_files: Annotated[int, Field(ge=0)] = 50


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class ProbeSettings:
    """Files are opened in processes of their own: a decoder that crashes or swells takes down only itself."""

    processes: Annotated[int, Field(ge=1, le=256)] = 2
    timeout: PositiveDuration = timedelta(seconds=60)
    """For one file."""
    memory: Annotated[ByteSize, Field(ge=256 * 2**20)] = ByteSize(2**30)
    """Of one process."""
    read_whole: ByteSize = ByteSize(32 * 2**30)
    """A film without an index of its keyframes is read as a whole for them when it is first played, up to this size."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class WatchSettings:
    """How changes on disk become known between scans."""

    enabled: bool = True
    debounce: PositiveDuration = timedelta(seconds=5)
    """How long a burst of changes is gathered before the folders concerned are scanned."""
    poll_interval: PositiveDuration | None = timedelta(minutes=15)
    """How often a root is scanned where the system tells of no changes: on network disks. None: never."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class ImagesSettings:
    """Pictures are decoded in processes of their own, as media are."""

    processes: Annotated[int, Field(ge=1, le=256)] = 2
    timeout: PositiveDuration = timedelta(seconds=20)
    """For one picture."""
    memory: Annotated[ByteSize, Field(ge=256 * 2**20)] = ByteSize(2**30)
    """Of one process."""
    cache_size: ByteSize = ByteSize(2 * 2**30)
    """Of all renditions on disk. 0: none are kept."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class LibrarySettings:
    roots: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[_-][a-z0-9]+)*$", max_length=59)], ...] = ()
    """Ids of roots that only some nodes see and this one does: it works their queues, `root_<id>`."""
    settle_after: Duration = timedelta(seconds=15)
    """How long a file must have been left alone before it is recorded: until then somebody may be writing it."""
    purge_missing_after: PositiveDuration | None = None
    """Forget what has been missing for so long, while its root is healthy. None: only when somebody asks for it."""
    vanish: VanishSettings = VanishSettings()
    watch: WatchSettings = WatchSettings()
    probe: ProbeSettings = ProbeSettings()
    images: ImagesSettings = ImagesSettings()


BaseUrl = Annotated[str, AfterValidator(_base_url)]


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class SourceSettings:
    base_url: BaseUrl | None = None
    """A mirror. It may stand in a private network, because you wrote it down; anything else there is refused."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class TmdbSettings(SourceSettings):
    token: SecretStr | None = None
    """The "API Read Access Token", not the shorter key."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class TvdbSettings(SourceSettings):
    api_key: SecretStr | None = None
    pin: SecretStr | None = None
    """Of a subscriber, for keys that ask for one."""


SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$", max_length=32)]
SourceNames = tuple[SourceName, ...]


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class SourcesSettings:
    """Which sources are asked about a kind of library, in this order. None: those whose key is set, and no others."""

    movies: SourceNames | None = None
    tvshows: SourceNames | None = None
    music: SourceNames | None = None


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class MetadataSettings:
    sources: SourcesSettings = SourcesSettings()
    tmdb: TmdbSettings = TmdbSettings()
    tvdb: TvdbSettings = TvdbSettings()
    tvmaze: SourceSettings = SourceSettings()
    musicbrainz: SourceSettings = SourceSettings()
    coverartarchive: SourceSettings = SourceSettings()
    wikidata: SourceSettings = SourceSettings()
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$")] = "en"
    languages: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")], ...] = ()
    """Further ones whose titles and texts are kept, for viewers who ask for them (`Accept-Language`)."""
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "US"
    contact: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")] | None = None
    """An e-mail address or a page, told to the sources: MusicBrainz wants to know whom to write to."""

    def base_urls(self) -> tuple[str, ...]:
        """Return the mirrors that were written down."""
        sources = (self.tmdb, self.tvdb, self.tvmaze, self.musicbrainz, self.coverartarchive, self.wikidata)
        return tuple(source.base_url for source in sources if source.base_url is not None)


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class TypesenseSettings:
    """A search server beside PostgreSQL. All nodes should be given the same."""

    url: BaseUrl | None = None
    """None: PostgreSQL searches by itself."""
    api_key: SecretStr | None = None
    """One that may do everything to collections and aliases of this name."""
    collection: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:_[a-z0-9]+)*$", max_length=40)] = "revenge"
    """Two installations that share a server need two names."""
    timeout: PositiveDuration = timedelta(seconds=1)
    """How long a search waits for it before PostgreSQL is asked instead."""

    @property
    def is_configured(self) -> bool:
        return self.url is not None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.url is None) != (self.api_key is None):
            raise ValueError("url and api_key must be set together")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class SearchSettings:
    typesense: TypesenseSettings = TypesenseSettings()


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class WatchedSettings:
    begun_percent: Annotated[float, Field(ge=0, le=50)] = 5
    """Before this much nothing was begun."""
    watched_percent: Annotated[float, Field(ge=50, le=100)] = 90
    """From here on it was watched: what is left are the credits."""
    shortest: PositiveDuration = timedelta(minutes=5)
    """What is shorter begins anew each time."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class PlaybackSettings:
    ffmpeg: Annotated[Path, AfterValidator(_absolute)] | None = None
    """None: the one that came along, else the one on PATH."""
    hardware: bool = True
    """Use an encoder of the machine's hardware where a test encode works."""
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] = "veryfast"
    """How much work goes into a picture that is converted by software."""
    thumbnails: bool = False
    """Make small pictures of every film ahead, for players that show them while somebody looks for a place."""
    chapters: bool = False
    """Make a picture of every chapter ahead."""
    loudness: bool = False
    """Measure how loud songs and albums are whose tags do not say it, so that clients can play them equally loud."""
    intros: bool = False
    """Listen to the beginnings and ends of episodes, to find what those of a season have in common."""
    cache_dir: Annotated[Path, AfterValidator(_absolute)] | None = None
    """Where segments are kept; several nodes must name the same. None: in the data directory."""
    cache_size: Annotated[ByteSize, Field(ge=64 * 2**20)] = ByteSize(10 * 2**30)
    """Segments that were used longest ago go first."""
    keep_free: ByteSize = ByteSize(2**30)
    """Room on the disk of the cache that segments never take."""
    ahead: PositiveDuration = timedelta(minutes=2)
    """How far a conversion goes on before its viewer."""
    idle_after: PositiveDuration = timedelta(minutes=1)
    """Without a word from a viewer, a conversion stops."""
    ended_after: PositiveDuration = timedelta(minutes=30)
    """Without a word from its client, a playback is over."""
    watched: WatchedSettings = WatchedSettings()


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class OperationsSettings:
    nightly: Annotated[str, AfterValidator(_cron)] = "30 3 * * *"
    """When the database is looked after. A run that was missed happens once at the next start."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class LogSettings:
    level: LogLevel = "info"
    format: Literal["console", "json"] = "console"


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class Settings:
    """Everything that can be set. `Settings()` is the defaults; `Settings.load` reads file and environment."""

    data_dir: Annotated[Path, AfterValidator(_absolute)] = dataclasses.field(default_factory=default_data_dir)
    store_dir: Annotated[Path, AfterValidator(_absolute)] | None = None
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
