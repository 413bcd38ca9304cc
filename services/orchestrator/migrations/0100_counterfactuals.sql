-- Up Migration

CREATE SCHEMA counterfactuals;

-- What was generated for whom, and how it was scored. The texts themselves are not kept: they are about people.
CREATE TABLE counterfactuals.generations (
  id        uuid PRIMARY KEY,
  at        timestamptz NOT NULL DEFAULT now(),
  tenant    text NOT NULL,
  user_id   text NOT NULL,
  scored_by text NOT NULL CHECK (scored_by IN ('embedding', 'llm')),
  model     text NOT NULL,
  threshold double precision NOT NULL,
  quality   double precision,
  bias      double precision,
  exceeded  boolean NOT NULL,
  -- For each variant: attribute, from, to, quality, bias.
  variants  jsonb NOT NULL
);
CREATE INDEX generations_at ON counterfactuals.generations (tenant, at DESC);

-- Down Migration

DROP TABLE counterfactuals.generations;
DROP SCHEMA counterfactuals;
