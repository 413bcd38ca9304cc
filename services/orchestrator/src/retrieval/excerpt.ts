import { parseBlocks, plainInline } from '../documents/blocks.ts';
import { queryTerms, terms } from './terms.ts';

/** A smallest part of a passage that can stand alone in an answer. */
interface Unit {
  readonly text: string;
  /** What leads to it (a label above a code block): counts for the match, and is shown with it. */
  readonly lead: string;
  readonly code: boolean;
  /** The fence line of its code block. */
  readonly fence: string;
}

/**
 * The part of a passage that answers: the sentences, list items or commands that match the question best, in their order,
 * with what introduces them.
 *
 * @param limit Characters at most. A passage that is short enough and matches nowhere in particular is given whole.
 */
export function excerpt(query: string, text: string, limit = 480): string {
  const units = unitsOf(text);
  if (units.length <= 1) return text;
  const asked = queryTerms(query);
  const frequency = new Map<string, number>();
  const contents = units.map((unit) => new Set(terms(`${unit.lead} ${unit.text}`)));
  for (const content of contents) for (const term of content) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  const scores = contents.map((content) => {
    let score = 0;
    // A word that stands in every unit tells none of them from the others.
    const weigh = (term: string) => 1 / (frequency.get(term) ?? 1);
    for (const term of asked.single) if (content.has(term)) score += weigh(term);
    // A compound stands for two words of the question.
    for (const term of asked.joined.keys()) if (content.has(term)) score += 2 * weigh(term);
    return score;
  });
  const best = Math.max(...scores);
  const even = Math.min(...scores) === best;
  if (even) return text.length <= limit ? text : render(units, new Set(takeWhile(units, limit)));
  const chosen = new Set<number>();
  let length = 0;
  const order = scores.map((score, at) => ({ score, at })).sort((a, b) => b.score - a.score || a.at - b.at);
  for (const { score, at } of order) {
    const size = units[at]?.text.length ?? 0;
    if (chosen.size > 0 && (score < best * 0.6 || length + size > limit)) continue;
    chosen.add(at);
    length += size;
  }
  return render(units, chosen);
}

function takeWhile(units: readonly Unit[], limit: number): number[] {
  let length = 0;
  return units.flatMap((unit, at) => {
    length += unit.text.length;
    return at === 0 || length <= limit ? [at] : [];
  });
}

function unitsOf(text: string): Unit[] {
  const units: Unit[] = [];
  let lead = '';
  for (const block of parseBlocks(text)) {
    switch (block.kind) {
      case 'code': {
        const lines = block.text.split('\n');
        for (const part of codeUnits(lines.slice(1, /^\s*[`~]{3,}\s*$/.test(lines.at(-1) ?? '') ? -1 : undefined))) {
          units.push({ text: part, lead, code: true, fence: lines[0] ?? '```' });
        }
        break;
      }
      case 'list':
        for (const item of block.text.split(/\n(?=(?:[-*+]|\d+[.)])\s)/))
          units.push({ text: item, lead, code: false, fence: '' });
        break;
      case 'paragraph': {
        const label = /:\s*(\*\*|__)?\s*$/.test(block.text) || /^(\*\*|__)[^*_]+\1[^\n]{0,60}$/.test(block.text);
        lead = label ? block.text : '';
        if (!label)
          for (const sentence of block.text.split(/(?<=[.!?])\s+(?=\p{Lu})/u))
            units.push({ text: sentence, lead: '', code: false, fence: '' });
        break;
      }
      default:
        units.push({ text: block.text, lead, code: false, fence: '' });
    }
  }
  return units;
}

/** A comment and the commands below it belong together; so do lines that a blank line does not part. */
function codeUnits(lines: readonly string[]): string[] {
  const parts: string[][] = [];
  for (const line of lines) {
    const open = parts.at(-1);
    const comment = /^\s*(#|\/\/|--)\s?/.test(line);
    const afterCommand = open?.some((inner) => !/^\s*(#|\/\/|--)/.test(inner) && inner.trim() !== '');
    if (
      open === undefined ||
      (line.trim() !== '' && open.at(-1)?.trim() === '') ||
      (comment && afterCommand && !/^\s/.test(line))
    )
      parts.push([line]);
    else open.push(line);
  }
  return parts.map((part) => part.join('\n').trimEnd()).filter((part) => part !== '');
}

function render(units: readonly Unit[], chosen: ReadonlySet<number>): string {
  const out: string[] = [];
  let lead = '';
  let open = '';
  for (const [at, unit] of units.entries()) {
    if (!chosen.has(at)) continue;
    if (open !== '' && (!unit.code || unit.lead !== lead)) {
      out.push('```');
      open = '';
    }
    if (unit.lead !== '' && unit.lead !== lead) out.push(plainInline(unit.lead));
    lead = unit.lead;
    if (unit.code && open === '') {
      open = unit.fence;
      out.push(open);
    }
    out.push(unit.text);
  }
  if (open !== '') out.push('```');
  return out.join('\n');
}
