-- Up Migration

-- A service that works as a role of its own owns no table, and still sees to the partitions of the coming months. What the
-- function does is fixed by the table's own name; it reads and writes nothing else.
ALTER FUNCTION orchestrator.ensure_partitions(regclass, integer) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

-- Down Migration

ALTER FUNCTION orchestrator.ensure_partitions(regclass, integer) SECURITY INVOKER RESET search_path;
