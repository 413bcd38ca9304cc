-- Up Migration

CREATE SCHEMA IF NOT EXISTS experiments_v1;

CREATE TABLE experiments_v1.experiments (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name             text NOT NULL,
  description      text NOT NULL DEFAULT '',
  primary_model    text NOT NULL,
  secondary_model  text,
  prompt_template  text NOT NULL,
  routing_strategy text NOT NULL DEFAULT 'primary',
  tags             text[] NOT NULL DEFAULT '{}',
  status           text NOT NULL DEFAULT 'created'
    CHECK (status IN ('created', 'running', 'completed', 'failed', 'promoted', 'quarantined')),
  metrics          jsonb NOT NULL DEFAULT '{}',
  tenant           text NOT NULL DEFAULT 'default',
  created_by       text NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX experiments_created ON experiments_v1.experiments (created_at DESC, id);
CREATE INDEX experiments_tags ON experiments_v1.experiments USING gin (tags);

CREATE TABLE experiments_v1.runs (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  experiment  uuid NOT NULL REFERENCES experiments_v1.experiments (id) ON DELETE CASCADE,
  status      text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed', 'failed')),
  language    text,
  samples     integer NOT NULL DEFAULT 0 CHECK (samples >= 0),
  metrics     jsonb NOT NULL DEFAULT '{}',
  error       text,
  started_by  text NOT NULL,
  started_at  timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE INDEX runs_experiment ON experiments_v1.runs (experiment, started_at DESC);

CREATE TABLE experiments_v1.run_results (
  run               uuid NOT NULL REFERENCES experiments_v1.runs (id) ON DELETE CASCADE,
  position          integer NOT NULL CHECK (position >= 0),
  model             text NOT NULL,
  sample            text NOT NULL,
  output            text,
  error             text,
  score             double precision,
  latency_ms        double precision,
  prompt_tokens     bigint NOT NULL DEFAULT 0,
  completion_tokens bigint NOT NULL DEFAULT 0,
  cost_nano_usd     bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (run, position, model)
);

-- Each decision about an experiment, with what it rested on.
CREATE TABLE experiments_v1.evaluations (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  experiment uuid NOT NULL REFERENCES experiments_v1.experiments (id) ON DELETE CASCADE,
  decision   text NOT NULL CHECK (decision IN ('promoted', 'refused', 'quarantined')),
  forced     boolean NOT NULL DEFAULT false,
  reasons    jsonb NOT NULL DEFAULT '[]',
  metrics    jsonb NOT NULL DEFAULT '{}',
  decided_by text NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX evaluations_experiment ON experiments_v1.evaluations (experiment, decided_at DESC);

-- Down Migration

DROP TABLE experiments_v1.evaluations;
DROP TABLE experiments_v1.run_results;
DROP TABLE experiments_v1.runs;
DROP TABLE experiments_v1.experiments;
DROP SCHEMA experiments_v1;
