-- Up Migration

CREATE SCHEMA IF NOT EXISTS accounting;

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
CREATE INDEX ledger_user ON accounting.ledger (user_id, at);
CREATE INDEX ledger_at ON accounting.ledger (at);

COMMENT ON COLUMN accounting.ledger.cost_nano_usd IS '1e-9 US dollars';
COMMENT ON COLUMN accounting.ledger.end_user IS 'whom the caller named; unproven';
COMMENT ON COLUMN accounting.ledger.outcome IS 'success, cached, lost (its replica died), or the code of the error that the caller got';

-- Limits that an operator set for a user; where there is none, that of the user's tier holds.
CREATE TABLE accounting.budget_limits (
  user_id        text NOT NULL,
  period         text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly')),
  limit_nano_usd bigint NOT NULL CHECK (limit_nano_usd >= 0),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  updated_by     text NOT NULL,
  PRIMARY KEY (user_id, period)
);

-- Requests under way that Redis does not know, because it was lost or is gone. What they reserve counts as spent until then.
CREATE TABLE accounting.reservations (
  request_id      text PRIMARY KEY,
  at              timestamptz NOT NULL,
  user_id         text NOT NULL,
  amount_nano_usd bigint NOT NULL CHECK (amount_nano_usd >= 0),
  replica         text NOT NULL,
  -- What the row of the ledger needs if the replica dies.
  entry           jsonb NOT NULL
);
CREATE INDEX reservations_user ON accounting.reservations (user_id);

-- Who serves. What belongs to a replica that was not seen for long is settled by another one.
CREATE TABLE accounting.replicas (
  id      text PRIMARY KEY,
  seen_at timestamptz NOT NULL DEFAULT now()
);

-- How many requests each replica let through lately, by user and endpoint: told when Redis is lost, so that the replicas can
-- share out what is left.
CREATE TABLE accounting.rate_usage (
  replica text NOT NULL,
  key     text NOT NULL,
  used    integer NOT NULL CHECK (used >= 0),
  at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (replica, key)
);

-- What a user has spent since each of three moments, what requests under way reserve, and the limits that were set.
CREATE FUNCTION accounting.spending(who text, day timestamptz, week timestamptz, month timestamptz)
RETURNS TABLE (daily bigint, weekly bigint, monthly bigint, reserved bigint, daily_limit bigint, weekly_limit bigint, monthly_limit bigint)
LANGUAGE sql STABLE AS $$
  SELECT
    coalesce(sum(cost_nano_usd) FILTER (WHERE at >= day), 0)::bigint,
    coalesce(sum(cost_nano_usd) FILTER (WHERE at >= week), 0)::bigint,
    coalesce(sum(cost_nano_usd) FILTER (WHERE at >= month), 0)::bigint,
    coalesce((SELECT sum(amount_nano_usd) FROM accounting.reservations r WHERE r.user_id = who), 0)::bigint,
    (SELECT limit_nano_usd FROM accounting.budget_limits l WHERE l.user_id = who AND period = 'daily'),
    (SELECT limit_nano_usd FROM accounting.budget_limits l WHERE l.user_id = who AND period = 'weekly'),
    (SELECT limit_nano_usd FROM accounting.budget_limits l WHERE l.user_id = who AND period = 'monthly')
  FROM accounting.ledger WHERE user_id = who AND at >= least(day, week, month)
$$;

-- Reserves what a request may cost, if each of the user's limits has room for it: what Redis does while it is there. A limit
-- is the one that was set for the user, else the given one of the tier; null is none. Gives the period whose limit was in the
-- way, or null when the reservation was made.
CREATE FUNCTION accounting.reserve(
  who text, id text, amount bigint, moment timestamptz, day timestamptz, week timestamptz, month timestamptz,
  daily_default bigint, weekly_default bigint, monthly_default bigint, by_replica text, what jsonb
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(who, 4));
  -- A statement of its own after the lock, so that it sees what the one before committed.
  SELECT * INTO state FROM accounting.spending(who, day, week, month);
  IF state.daily + state.reserved + amount > coalesce(state.daily_limit, daily_default) THEN RETURN 'daily'; END IF;
  IF state.weekly + state.reserved + amount > coalesce(state.weekly_limit, weekly_default) THEN RETURN 'weekly'; END IF;
  IF state.monthly + state.reserved + amount > coalesce(state.monthly_limit, monthly_default) THEN RETURN 'monthly'; END IF;
  INSERT INTO accounting.reservations (request_id, at, user_id, amount_nano_usd, replica, entry)
  VALUES (id, moment, who, amount, by_replica, what);
  RETURN NULL;
END
$$;

-- Down Migration

DROP FUNCTION accounting.reserve(text, text, bigint, timestamptz, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint, text, jsonb);
DROP FUNCTION accounting.spending(text, timestamptz, timestamptz, timestamptz);
DROP TABLE accounting.rate_usage;

DROP TABLE accounting.replicas;
DROP TABLE accounting.reservations;
DROP TABLE accounting.budget_limits;
DROP TABLE accounting.ledger;
DROP SCHEMA accounting;
