-- Up Migration

CREATE SCHEMA IF NOT EXISTS production;

-- How each endpoint did, one row per replica, route and interval.
SELECT orchestrator.create_time_series('production.slo_samples', 'at', $$
  at               timestamptz NOT NULL,
  replica          text NOT NULL,
  route            text NOT NULL,
  interval_seconds real NOT NULL CHECK (interval_seconds > 0),
  requests         integer NOT NULL CHECK (requests >= 0),
  errors           integer NOT NULL CHECK (errors >= 0),
  -- Requests that took at most as long as the bound of the same position; the last one has no bound.
  bounds_ms        double precision[] NOT NULL DEFAULT '{}',
  counts           integer[] NOT NULL DEFAULT '{}',
  sum_ms           double precision NOT NULL DEFAULT 0,
  max_ms           double precision NOT NULL DEFAULT 0,
  PRIMARY KEY (at, replica, route),
  CHECK (errors <= requests)
$$);
CREATE INDEX slo_samples_route ON production.slo_samples (route, at);

-- What was promoted from an experiment, the newest last. One at a time is active under a name.
CREATE TABLE production.models (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name             text NOT NULL,
  primary_model    text NOT NULL,
  secondary_model  text,
  prompt_template  text NOT NULL DEFAULT '',
  routing_strategy text NOT NULL DEFAULT 'primary',
  experiment       uuid,
  metrics          jsonb NOT NULL DEFAULT '{}',
  forced           boolean NOT NULL DEFAULT false,
  active           boolean NOT NULL DEFAULT true,
  promoted_by      text NOT NULL,
  promoted_at      timestamptz NOT NULL DEFAULT now(),
  retired_at       timestamptz
);
CREATE UNIQUE INDEX models_active ON production.models (name) WHERE active;
CREATE INDEX models_experiment ON production.models (experiment);

-- What people thought of an answer.
CREATE TABLE production.ratings (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  at         timestamptz NOT NULL DEFAULT now(),
  tenant     text NOT NULL,
  user_id    text NOT NULL,
  -- What was rated: a counterfactual, an answer, an experiment; and which.
  subject    text NOT NULL,
  subject_id text NOT NULL,
  rating     smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
  comment    text,
  UNIQUE (tenant, user_id, subject, subject_id)
);
CREATE INDEX ratings_subject ON production.ratings (subject, subject_id);

-- Down Migration

DROP TABLE production.ratings;
DROP TABLE production.models;
DROP TABLE production.slo_samples;
DROP SCHEMA production;
