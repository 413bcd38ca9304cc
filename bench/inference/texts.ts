/** Words of ordinary English: a WordPiece vocabulary knows most of them, as it does of what people search for. */
const WORDS = (
  'the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were ' +
  'all her she there would their we him been has when who will no more if out so up said what its about than into them can only ' +
  'other time new some could these two may first then do any like my now over such our man me even most made after also did many ' +
  'off before must well back through years where much your way down should because long each just state people those too mister ' +
  'how little good world make very year still see work life get without between being both under never day same another know while ' +
  'last might us great old come since go against right came take used himself few house use during place american however home ' +
  'small found thought went say part once general high upon school every does got united left number course war until always away ' +
  'something fact water though less public put think almost hand enough far took head yet government system set better told nothing ' +
  'night end why called eyes find going look asked later point knew next program city business give group toward days young let room ' +
  'restore backup database cluster node memory pressure latency throughput certificate rotation deployment rollback canary replica ' +
  'tenant quota embedding tokenizer checkpoint migration scheduler autoscaling observability incident postmortem connection timeout'
).split(' ');

/** Numbers from 0 to 1 that look random and are the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Texts as a search gets them: from a few words to a paragraph, half of them below 16 words, one in ten above 40. No two
 * are the same, so that no cache can answer.
 *
 * @param count texts
 * @param seed another one gives other texts
 * @param most words of a text
 */
export function texts(count: number, seed: number, most = 120): string[] {
  const next = random(seed);
  return Array.from({ length: count }, (_, index) => {
    const length = Math.min(most, Math.max(3, Math.round(Math.exp(2.75 + 0.75 * normal(next)))));
    const words = Array.from({ length }, () => WORDS[Math.floor(next() * WORDS.length)]);
    return `${words.join(' ')} ${seed} ${index}`;
  });
}

/** Normally distributed, by Box and Muller. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
