/** From here on a word is common: it hardly tells passages apart, and counting on would only cost time. */
const COMMON = 5_000;

/**
 * Full-text search for a question as people type it. A question rarely repeats a passage word by word, so every word is
 * optional, and a rare word weighs more than a common one (inverse document frequency). `share` is the weight of the words
 * that a passage holds, of the weight of all that were asked for, 0..1: a word that stands nowhere counts as the rarest, so
 * a question about something else altogether gets a low share. `rank` adds a bonus for words in the heading.
 *
 * $1: words; $2, $3: for each the compound with the word before and after it, or ''; $4: limit.
 */
export const lexicalQuery = `
  WITH asked AS (
    SELECT DISTINCT plainto_tsquery('english', word) || plainto_tsquery('english', before) || plainto_tsquery('english', after) AS q
    FROM unnest($1::text[], $2::text[], $3::text[]) AS given (word, before, after)
    WHERE numnode(plainto_tsquery('english', word)) > 0
  ), counted AS (
    SELECT q, (SELECT count(*) FROM (SELECT 1 FROM rag.passages WHERE words @@ q LIMIT ${COMMON}) AS few) AS df FROM asked
  ), size AS (
    SELECT greatest(reltuples, (SELECT count(*) FROM (SELECT 1 FROM rag.passages LIMIT ${COMMON}) AS few)) AS n
    FROM pg_class WHERE oid = 'rag.passages'::regclass
  ), weighed AS (
    SELECT q, df, ln(1 + (n - df + 0.5) / (df + 0.5)) AS idf FROM counted, size
  ), candidates AS (
    SELECT DISTINCT p.id FROM weighed JOIN rag.passages p ON p.words @@ weighed.q
    WHERE df < ${COMMON} OR NOT EXISTS (SELECT FROM weighed WHERE df BETWEEN 1 AND ${COMMON - 1})
    LIMIT ${COMMON}
  ), total AS (
    SELECT sum(idf) AS idf FROM weighed
  )
  SELECT p.id,
    sum(weighed.idf) / min(total.idf) AS share,
    sum(weighed.idf * (CASE WHEN ts_filter(p.words, '{b}') @@ q THEN 1.3 ELSE 1 END)) / min(total.idf) AS rank
  FROM candidates JOIN rag.passages p USING (id) JOIN weighed ON p.words @@ q CROSS JOIN total
  GROUP BY p.id
  ORDER BY rank DESC, p.id
  LIMIT $4`;
