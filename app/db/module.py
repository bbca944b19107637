"""Wiring of the database: the server, the pool over it, and transactions for everybody above."""

from dishka import Provider, Scope, provide
from sqlalchemy.ext.asyncio import AsyncEngine

from app.config import Settings
from app.db.engine import Database
from app.db.server import DatabaseServer
from app.db.tx import Transactions


class DbModule(Provider):
    scope = Scope.APP

    server = provide(DatabaseServer)
    transactions = provide(Transactions)

    @provide
    def database(self, server: DatabaseServer, settings: Settings) -> Database:
        """The server is asked for its address at every connection: it may change when another node takes over."""
        pool = settings.database.pool
        return Database(lambda: server.conninfo, min_size=pool.min, max_size=pool.max)

    @provide
    def engine(self, database: Database) -> AsyncEngine:
        return database.engine
