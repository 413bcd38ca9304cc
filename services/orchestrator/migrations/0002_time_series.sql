-- Up Migration

-- Tables of what happens over time grow for ever, and are read by time. With TimescaleDB they are hypertables, without it
-- they have one native partition per month. Both are made by these functions, so that no other migration has to ask which.

CREATE SCHEMA IF NOT EXISTS orchestrator;

-- Whether TimescaleDB is there. It is asked by the function that is needed of it, whichever schema it was installed into.
CREATE FUNCTION orchestrator.has_hypertables() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'create_hypertable')
$$;

-- Makes a table of time series from a list of columns and constraints. A unique constraint has to hold the time column.
CREATE FUNCTION orchestrator.create_time_series(name text, time_column text, definition text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  hypertables boolean := orchestrator.has_hypertables();
BEGIN
  EXECUTE format('CREATE TABLE %s (%s) %s', name, definition,
    CASE WHEN hypertables THEN '' ELSE format('PARTITION BY RANGE (%I)', time_column) END);
  IF hypertables THEN
    PERFORM create_hypertable(name::regclass, time_column::name, chunk_time_interval => interval '1 month');
  ELSE
    -- What falls outside every month is kept all the same.
    EXECUTE format('CREATE TABLE %s_default PARTITION OF %s DEFAULT', name, name);
    PERFORM orchestrator.ensure_partitions(name::regclass);
  END IF;
END
$$;

-- Makes the partitions of the last, this and the coming months (UTC). The service calls it every few hours; for a hypertable
-- there is nothing to do. Rows that came before their partition move into it. Gives the number of partitions made. It runs
-- with the rights of the owner, so that a service with fewer can call it.
CREATE FUNCTION orchestrator.ensure_partitions(parent regclass, ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  relation record;
  time_column text;
  month timestamp;
  partition text;
  fallback text;
  bounds text;
  strays bigint;
  made integer := 0;
BEGIN
  SELECT c.relkind, n.nspname, c.relname INTO relation
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = parent;
  IF relation.relkind <> 'p' THEN RETURN 0; END IF;
  SELECT a.attname INTO time_column FROM pg_partitioned_table t
  JOIN pg_attribute a ON a.attrelid = t.partrelid AND a.attnum = t.partattrs[0] WHERE t.partrelid = parent;
  PERFORM pg_advisory_xact_lock(hashtextextended(parent::text, 3));
  fallback := format('%I.%I', relation.nspname, relation.relname || '_default');
  FOR month IN
    SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month',
      date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead), interval '1 month')
  LOOP
    partition := format('%I.%I', relation.nspname, relation.relname || to_char(month, '_YYYY_MM'));
    CONTINUE WHEN to_regclass(partition) IS NOT NULL;
    bounds := format('FROM (%L) TO (%L)', month::text || '+00', (month + interval '1 month')::text || '+00');
    EXECUTE format('SELECT count(*) FROM %s WHERE %I >= %L AND %I < %L', fallback,
      time_column, month::text || '+00', time_column, (month + interval '1 month')::text || '+00') INTO strays;
    IF strays = 0 THEN
      EXECUTE format('CREATE TABLE %s PARTITION OF %s FOR VALUES %s', partition, parent, bounds);
    ELSE
      EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', partition, parent);
      EXECUTE format('WITH moved AS (DELETE FROM %s WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %s SELECT * FROM moved',
        fallback, time_column, month::text || '+00', time_column, (month + interval '1 month')::text || '+00', partition);
      EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES %s', parent, partition, bounds);
    END IF;
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;

-- Drops what is older than `keep`, by whole months. Gives the number of partitions or chunks dropped.
CREATE FUNCTION orchestrator.drop_older(parent regclass, keep interval) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  child record;
  dropped integer := 0;
BEGIN
  IF orchestrator.has_hypertables() THEN
    EXECUTE format('SELECT count(*) FROM drop_chunks(%L::regclass, older_than => %L::interval)', parent, keep) INTO dropped;
    RETURN dropped;
  END IF;
  FOR child IN
    SELECT c.oid::regclass AS name, substring(c.relname FROM '_(\d{4}_\d{2})$') AS month
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = parent
  LOOP
    IF to_timestamp(child.month || '+00', 'YYYY_MMTZH') + interval '1 month' <= now() - keep THEN
      EXECUTE format('DROP TABLE %s', child.name);
      dropped := dropped + 1;
    END IF;
  END LOOP;
  RETURN dropped;
END
$$;

-- Down Migration

DROP FUNCTION orchestrator.drop_older(regclass, interval);
DROP FUNCTION orchestrator.ensure_partitions(regclass, integer);
DROP FUNCTION orchestrator.create_time_series(text, text, text);
DROP FUNCTION orchestrator.has_hypertables();
