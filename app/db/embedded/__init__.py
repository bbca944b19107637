"""The PostgreSQL we bring along when none is configured."""

from app.db.embedded.supervisor import EmbeddedPostgres

__all__ = ["EmbeddedPostgres"]
