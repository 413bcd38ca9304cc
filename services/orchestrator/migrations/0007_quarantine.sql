-- Up Migration

CREATE SCHEMA IF NOT EXISTS quarantine;

-- Experiments that were set aside. `experiment` is no foreign key: the record outlives what it is about.
CREATE TABLE quarantine.records (
  id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  experiment      uuid NOT NULL,
  name            text NOT NULL,
  reason          text NOT NULL,
  impact_analysis jsonb NOT NULL DEFAULT '{}',
  -- The experiment as it was then, with its metrics.
  snapshot        jsonb NOT NULL DEFAULT '{}',
  status          text NOT NULL DEFAULT 'quarantined' CHECK (status IN ('quarantined', 'released')),
  tenant          text NOT NULL DEFAULT 'default',
  quarantined_by  text NOT NULL,
  quarantined_at  timestamptz NOT NULL DEFAULT now(),
  released_at     timestamptz
);
CREATE INDEX records_at ON quarantine.records (quarantined_at DESC, id);
CREATE UNIQUE INDEX records_experiment ON quarantine.records (experiment) WHERE status = 'quarantined';

-- Down Migration

DROP TABLE quarantine.records;
DROP SCHEMA quarantine;
