"""PostgreSQL, Redis, mail servers and the migrated database, without Docker."""
