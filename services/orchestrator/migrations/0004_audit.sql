-- Up Migration

CREATE SCHEMA IF NOT EXISTS audit;

-- Who did what, when, and what it changed. Rows are only ever added.
CREATE TABLE audit.event_log (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "timestamp" timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor      text NOT NULL,
  tenant     text NOT NULL,
  action     text NOT NULL,
  subject    text NOT NULL,
  old_value  jsonb,
  new_value  jsonb,
  request_id text
);
CREATE INDEX event_log_timestamp ON audit.event_log ("timestamp");
CREATE INDEX event_log_subject ON audit.event_log (subject, "timestamp");

CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit.event_log is append-only: % is refused', TG_OP
    USING ERRCODE = 'insufficient_privilege', HINT = 'Add a row that corrects the earlier one.';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.event_log FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit.event_log FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

-- Down Migration

DROP TABLE audit.event_log;
DROP FUNCTION audit.refuse_change();
DROP SCHEMA audit;
