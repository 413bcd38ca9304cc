-- Up Migration

CREATE SCHEMA accounting;

-- One row for each request for which a backend was asked or the cache answered: the truth about what was spent. `at` is when
-- the request was admitted. It is fixed from then on, so that a row that is written twice (by the replica that served the
-- request and by the one that took it for dead) meets its first copy.
SELECT orchestrator.create_time_series('accounting.ledger', 'at', $$
  request_id        text NOT NULL,
  at                timestamptz NOT NULL,
  recorded_at       timestamptz NOT NULL DEFAULT now(),
  tenant            text NOT NULL,
  user_id           text NOT NULL,
  user_tier         text NOT NULL,
  caller            text NOT NULL,
  end_user          text,
  endpoint          text NOT NULL,
  model             text NOT NULL,
  provider          text NOT NULL,
  provider_tier     smallint NOT NULL,
  provider_model    text NOT NULL,
  private           boolean NOT NULL DEFAULT false,
  stream            boolean NOT NULL DEFAULT false,
  outcome           text NOT NULL,
  status            smallint NOT NULL,
  attempts          integer NOT NULL CHECK (attempts >= 0),
  prompt_tokens     bigint NOT NULL DEFAULT 0 CHECK (prompt_tokens >= 0),
  cached_tokens     bigint NOT NULL DEFAULT 0 CHECK (cached_tokens >= 0),
  completion_tokens bigint NOT NULL DEFAULT 0 CHECK (completion_tokens >= 0),
  estimated         boolean NOT NULL DEFAULT false,
  cost_nano_usd     bigint NOT NULL DEFAULT 0 CHECK (cost_nano_usd >= 0),
  duration_ms       double precision,
  first_token_ms    double precision,
  replica           text NOT NULL,
  PRIMARY KEY (request_id, at),
  -- The cached tokens are a part of the prompt's.
  CHECK (cached_tokens <= prompt_tokens)
$$);
CREATE INDEX ledger_user ON accounting.ledger (tenant, user_id, at);
CREATE INDEX ledger_at ON accounting.ledger (at);

COMMENT ON COLUMN accounting.ledger.cost_nano_usd IS '1e-9 US dollars';
COMMENT ON COLUMN accounting.ledger.end_user IS 'whom the caller named; unproven';
COMMENT ON COLUMN accounting.ledger.outcome IS 'success, cached, lost (its replica died), or the code of the error that the caller got';

-- Limits that an operator set for a user; where there is none, that of the user's tier holds.
CREATE TABLE accounting.budget_limits (
  tenant         text NOT NULL,
  user_id        text NOT NULL,
  period         text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly')),
  limit_nano_usd bigint NOT NULL CHECK (limit_nano_usd >= 0),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  updated_by     text NOT NULL,
  PRIMARY KEY (tenant, user_id, period)
);

-- Requests under way that Redis does not know, because it was lost or is gone. What they reserve counts as spent until then.
CREATE TABLE accounting.reservations (
  request_id      text PRIMARY KEY,
  at              timestamptz NOT NULL,
  tenant          text NOT NULL,
  user_id         text NOT NULL,
  amount_nano_usd bigint NOT NULL CHECK (amount_nano_usd >= 0),
  replica         text NOT NULL,
  -- What the row of the ledger needs if the replica dies.
  entry           jsonb NOT NULL
);
CREATE INDEX reservations_user ON accounting.reservations (tenant, user_id);

-- Who serves. What belongs to a replica that was not seen for long is settled by another one.
CREATE TABLE accounting.replicas (
  id      text PRIMARY KEY,
  seen_at timestamptz NOT NULL DEFAULT now()
);

-- Down Migration

DROP TABLE accounting.replicas;
DROP TABLE accounting.reservations;
DROP TABLE accounting.budget_limits;
DROP TABLE accounting.ledger;
DROP SCHEMA accounting;
