-- Up Migration

CREATE SCHEMA IF NOT EXISTS rag;

CREATE TABLE rag.documents (
  id         text PRIMARY KEY,
  revision   uuid NOT NULL UNIQUE,
  title      text NOT NULL,
  source     text NOT NULL,
  metadata   jsonb NOT NULL DEFAULT '{}',
  hash       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE rag.passages (
  id       text COLLATE "C" PRIMARY KEY,
  document text NOT NULL REFERENCES rag.documents (id) ON DELETE CASCADE,
  revision uuid NOT NULL,
  position integer NOT NULL CHECK (position >= 0),
  title    text NOT NULL,
  heading  text NOT NULL,
  text     text NOT NULL,
  hash     text NOT NULL,
  -- Everything but letters and digits parts words: PostgreSQL's parser would keep a path, URL or host as one word, and a
  -- question about the command in it would not find it.
  words    tsvector NOT NULL GENERATED ALWAYS AS (
    setweight(to_tsvector('english', regexp_replace(title, '[^[:alnum:]]+', ' ', 'g')), 'C') ||
    setweight(to_tsvector('english', regexp_replace(heading, '[^[:alnum:]]+', ' ', 'g')), 'B') ||
    setweight(to_tsvector('english', regexp_replace(text, '[^[:alnum:]]+', ' ', 'g')), 'D')
  ) STORED,
  UNIQUE (document, position)
);

CREATE INDEX passages_words ON rag.passages USING gin (words);

-- Writes whose vectors may be in the vector store without being a document's content: begun and not yet committed, or
-- replaced and not yet cleaned up. A row goes once its vectors are gone, so a crash at any point leaves a trace to clean by.
CREATE TABLE rag.vector_garbage (
  revision uuid PRIMARY KEY,
  document text NOT NULL,
  pending  boolean NOT NULL,
  since    timestamptz NOT NULL DEFAULT now()
);

-- Down Migration

DROP TABLE rag.vector_garbage;
DROP TABLE rag.passages;
DROP TABLE rag.documents;
DROP SCHEMA rag;
