-- Up Migration

-- A service that works as a role of its own owns no table, and still drops what is too old: of tables whose rows it may delete
-- anyhow. The function does it with the owner's rights, and looks for TimescaleDB's function wherever that was installed.
CREATE OR REPLACE FUNCTION orchestrator.drop_older(parent regclass, keep interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- The role as which the connection works; "none": that of its login.
  caller name := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
  timescale text := (SELECT quote_ident(n.nspname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.proname = 'drop_chunks' LIMIT 1);
  child record;
  dropped integer := 0;
BEGIN
  IF NOT has_table_privilege(caller, parent, 'DELETE') THEN
    RAISE EXCEPTION 'permission denied: % may not delete from %', caller, parent::text
      USING ERRCODE = 'insufficient_privilege', HINT = 'Grant DELETE on the table to the role.';
  END IF;
  IF orchestrator.has_hypertables() AND timescale IS NOT NULL THEN
    EXECUTE format('SELECT count(*) FROM %s.drop_chunks(%L::regclass, older_than => %L::interval)', timescale, parent, keep)
      INTO dropped;
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

CREATE OR REPLACE FUNCTION orchestrator.drop_older(parent regclass, keep interval) RETURNS integer
LANGUAGE plpgsql SECURITY INVOKER AS $$
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
