-- Up Migration

-- What an experiment has to reach to be promoted.
ALTER TABLE experiments_v1.experiments ADD COLUMN criteria jsonb NOT NULL DEFAULT '{}';

-- A run whose replica ended is told by its silence.
ALTER TABLE experiments_v1.runs ADD COLUMN heartbeat_at timestamptz NOT NULL DEFAULT now();
-- One run of an experiment at a time, over all replicas.
CREATE UNIQUE INDEX runs_running ON experiments_v1.runs (experiment) WHERE status = 'running';

-- Down Migration

DROP INDEX experiments_v1.runs_running;
ALTER TABLE experiments_v1.runs DROP COLUMN heartbeat_at;
ALTER TABLE experiments_v1.experiments DROP COLUMN criteria;
