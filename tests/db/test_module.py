"""The wiring of the database, and the server in force."""

from dishka import STRICT_VALIDATION, Provider, Scope, make_async_container
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.config import Settings
from app.db.engine import Database
from app.db.module import DbModule
from app.db.server import DatabaseServer
from app.db.tx import Transactions


def container(**environ):
    settings = Provider(scope=Scope.APP)
    settings.provide(lambda: Settings.load(environ=environ), provides=Settings)
    return make_async_container(settings, DbModule(), validation_settings=STRICT_VALIDATION)


async def test_providing_starts_nothing(tmp_path):
    wired = container(REVENGE_DATA_DIR=str(tmp_path / "data"))
    assert (await wired.get(Database)).engine is await wired.get(AsyncEngine)
    await wired.get(Transactions)
    await wired.close()
    assert not (tmp_path / "data").exists()


async def test_with_nothing_configured_a_server_of_our_own_serves_the_pool(session_directory):
    wired = container(REVENGE_DATA_DIR=str(session_directory / "module"), REVENGE_DATABASE__POOL__MAX="3")
    server, database = await wired.get(DatabaseServer), await wired.get(Database)
    assert server.is_embedded
    await server.start()
    await database.start()
    async with (await wired.get(Transactions)).begin() as tx:
        assert (await tx.session.execute(text("SELECT current_user"))).scalar() == "revenge"
    assert database.pool.max_size == 3
    await database.stop()
    await server.stop()
    assert not (session_directory / "module" / "postgres" / "postmaster.pid").exists()
    await wired.close()


async def test_a_named_database_is_used_as_it_is(empty_database_url, tmp_path):
    wired = container(REVENGE_DATA_DIR=str(tmp_path / "data"), DATABASE_URL=empty_database_url)
    server = await wired.get(DatabaseServer)
    assert not server.is_embedded
    await server.start()
    assert server.conninfo == empty_database_url
    await server.stop()
    assert not (tmp_path / "data").exists()
    await wired.close()
