-- Up Migration

-- Rows come in the order of their time, so that a summary of every few pages finds those of a time as well as an entry for each
-- row, and costs next to nothing with each row that is written. TimescaleDB made an index for each row of its own accord.
DROP INDEX accounting.ledger_at;
DROP INDEX IF EXISTS accounting.ledger_at_idx;
CREATE INDEX ledger_at ON accounting.ledger USING brin (at) WITH (pages_per_range = 32, autosummarize = on);

-- Down Migration

DROP INDEX accounting.ledger_at;
CREATE INDEX ledger_at ON accounting.ledger (at);
