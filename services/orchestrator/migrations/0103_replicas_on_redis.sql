-- Up Migration

-- Whether a replica relies on Redis. While one does, none that cannot reach Redis may let PostgreSQL reserve in its place: the
-- two would each give away the same room.
ALTER TABLE accounting.replicas ADD COLUMN relies_on_redis boolean NOT NULL DEFAULT false;

-- Down Migration

ALTER TABLE accounting.replicas DROP COLUMN relies_on_redis;
