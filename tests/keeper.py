"""Which tables of a test's database hold anything, and how they are emptied, at the price of one short statement."""

import psycopg

NAME = "keeper"  # by which others tell it from a client that is still there
TIDY_EVERY = 40  # emptyings; what was deleted takes room until then

# Its plans are kept as long as the connection; tables of a test are small, so that looking and deleting is cheaper
# than truncating a hundred of them.
FUNCTIONS = """
CREATE FUNCTION pg_temp.filled() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE found text[] := '{{}}';
BEGIN
  {looks}
  RETURN found;
END $$;
CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  SET LOCAL session_replication_role = replica;  -- neither foreign keys nor the guard of the books
  {deletes}
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
END $$;
"""
TABLES = (
    "SELECT quote_ident(tablename) FROM pg_tables"
    " WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY tablename"
)
END_THE_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class Keeper:
    """One lasting connection to a PostgreSQL database of the tests."""

    def __init__(self, host: str, name: str) -> None:
        self.connection = psycopg.connect(
            f"host={host} user=c2b dbname={name}", autocommit=True, application_name=NAME
        )
        self.emptied = 0
        tables = [table for (table,) in self.connection.execute(TABLES)]
        each = "IF EXISTS (SELECT FROM {0}) THEN {1} END IF;"
        self.connection.execute(
            FUNCTIONS.format(
                looks="\n  ".join(
                    each.format(t, f"found := found || '{t.strip(chr(34))}'::text;") for t in tables
                ),
                deletes="\n  ".join(each.format(t, f"DELETE FROM {t};") for t in tables),
            )
        )

    def filled(self) -> set[str]:
        """The tables that hold anything that was committed."""
        row = self.connection.execute("SELECT pg_temp.filled()").fetchone()
        return set(row[0]) if row else set()

    def empty(self) -> None:
        """Whoever is still connected is sent away, every table is emptied, and numbers begin at one again."""
        self.connection.execute(END_THE_OTHERS)
        self.connection.execute("SELECT pg_temp.empty()")
        self.emptied += 1
        if self.emptied % TIDY_EVERY == 0:
            self.connection.execute("VACUUM")
