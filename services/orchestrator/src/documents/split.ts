/**
 * Splits one long text at the best place below a limit: between paragraphs, then lines, sentences, words, and, where a text
 * has none of these, anywhere.
 */
const PLACES = [/\n\s*\n/g, /\n/g, /(?<=[.!?])\s+/g, /\s+/g] as const;

/** @returns pieces of at most `limit` characters that, in order, hold all of `text` but the white space between them. */
export function splitLong(text: string, limit: number): string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > limit) {
    const cut = bestCut(rest, limit);
    pieces.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trim();
  }
  if (rest !== '') pieces.push(rest);
  return pieces;
}

/** Splits a fenced code block so that every piece is a fenced block of its own. */
export function splitCode(block: string, limit: number): string[] {
  if (block.length <= limit) return [block];
  const lines = block.split('\n');
  const open = lines[0] ?? '```';
  const last = lines.at(-1) ?? '';
  const closed = lines.length > 1 && /^\s*(`{3,}|~{3,})\s*$/.test(last);
  const close = closed ? last : '```';
  const body = lines.slice(1, closed ? -1 : undefined).join('\n');
  const room = Math.max(80, limit - open.length - close.length - 2);
  return splitLong(body, room).map((piece) => `${open}\n${piece}\n${close}`);
}

function bestCut(text: string, limit: number): number {
  const head = text.slice(0, limit);
  for (const place of PLACES) {
    let cut = 0;
    // A cut in the first third would leave a stub; a coarser place is only better when it fills the piece.
    for (const match of head.matchAll(place)) if (match.index >= limit / 3) cut = match.index;
    if (cut > 0) return cut;
  }
  // Never between the two halves of a surrogate pair: half a character cannot be stored.
  const code = text.charCodeAt(limit - 1);
  return code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit;
}
