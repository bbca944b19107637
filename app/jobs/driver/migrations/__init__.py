"""River's own migrations, line `main`, as steps up and down; written from what its tables must be, not from its files.

Each version is a pair of `NNN_name.up.sql` and `NNN_name.down.sql`; `{schema}.` stands for the quoted schema, or for
nothing where `search_path` decides.
"""

from app.jobs.driver.migrations.river_migrator import Direction, RiverMigration, RiverMigrator

__all__ = ["Direction", "RiverMigration", "RiverMigrator"]
