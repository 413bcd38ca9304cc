-- Up Migration

-- One role for each version of the three-version platform, for POSTGRES_ROLE: the service logs in as the owner of the
-- database, and works as the role of its version, so that a fault of one version cannot write into what belongs to another.
-- To make roles takes the right to (CREATEROLE). Without it, and unless an administrator made them before, there are none.
DO $$
DECLARE
  may_create boolean := (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user);
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['platform_v1', 'platform_v2', 'platform_v3'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      IF NOT may_create THEN
        RAISE NOTICE 'There is no role %, and % may not make one.', role, current_user;
        CONTINUE;
      END IF;
      EXECUTE format('CREATE ROLE %I NOLOGIN', role);
    END IF;
    IF may_create AND NOT pg_has_role(current_user, role, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', role);
    END IF;
    -- What every version does: count what it spends, and say what it did. Nobody changes what is in the log.
    EXECUTE format('GRANT USAGE ON SCHEMA orchestrator, accounting, audit TO %I', role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA accounting TO %I', role);
    EXECUTE format('GRANT SELECT, INSERT ON audit.event_log TO %I', role);
    CASE role
      WHEN 'platform_v2' THEN
        EXECUTE format('GRANT USAGE ON SCHEMA production TO %I', role);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA production TO %I', role);
      WHEN 'platform_v1' THEN
        EXECUTE format('GRANT USAGE ON SCHEMA experiments_v1, production, quarantine TO %I', role);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA experiments_v1 TO %I', role);
        -- Promotion adds a model and retires the one before it; quarantine adds a record. Neither takes anything away.
        EXECUTE format('GRANT SELECT, INSERT ON production.models, quarantine.records TO %I', role);
        EXECUTE format('GRANT UPDATE (active, retired_at) ON production.models TO %I', role);
      WHEN 'platform_v3' THEN
        EXECUTE format('GRANT USAGE ON SCHEMA quarantine TO %I', role);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA quarantine TO %I', role);
    END CASE;
  END LOOP;
END
$$;

-- Down Migration

DO $$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['platform_v1', 'platform_v2', 'platform_v3'] LOOP
    CONTINUE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA accounting, audit, production, experiments_v1, quarantine FROM %I', role);
    EXECUTE format('REVOKE ALL ON SCHEMA orchestrator, accounting, audit, production, experiments_v1, quarantine FROM %I', role);
    -- The role itself stays: other databases of this server may use it, and an administrator may have made it.
  END LOOP;
END
$$;
