import { type Block, isTableOfContents, parseBlocks, plainInline } from './blocks.ts';
import { splitCode, splitLong } from './split.ts';

/** A piece of a document that is embedded, found and cited as one. */
export interface Passage {
  /** Headings above the passage without the document's title, joined by " > "; empty where there is none. */
  readonly heading: string;
  readonly text: string;
}

/** A document as passages. */
export interface PassagedDocument {
  /** The given title, else the first heading of level 1, else the document's id. */
  readonly title: string;
  readonly passages: readonly Passage[];
}

/** How long passages become, in characters. */
export interface PassageSizes {
  /**
   * Blocks of a section join up to this length.
   * @default 600 - chosen by measurement: longer passages mix topics, and the embedding finds none of them well
   */
  readonly target?: number;
  /**
   * No passage is longer: with title and headings it must fit the 256 tokens that MiniLM reads.
   * @default 900
   */
  readonly limit?: number;
}

interface Section {
  readonly path: readonly string[];
  readonly blocks: Block[];
}

/** Splits a Markdown (or plain) text into passages along its headings; code stays with the paragraph that introduces it. */
export function passagesOf(id: string, text: string, title?: string, sizes: PassageSizes = {}): PassagedDocument {
  const { target = 600, limit = 900 } = sizes;
  const blocks = parseBlocks(text);
  const top = blocks.find((block) => block.kind === 'heading' && block.level === 1)?.text;
  const passages: Passage[] = [];
  for (const section of mergeStubs(sectionsOf(blocks, top))) {
    const heading = section.path.join(' > ');
    for (const part of pack(groupsOf(section.blocks), target, limit)) passages.push({ heading, text: part });
  }
  return { title: title ?? top ?? id, passages };
}

/** The text that is embedded for a passage: where it stands matters as much as what it says. */
export function embeddingText(title: string, passage: Passage): string {
  const where = passage.heading === '' ? title : `${title} > ${passage.heading}`;
  const body = passage.text
    .split('\n')
    .filter((line) => !/^\s*(`{3,}|~{3,})/.test(line))
    .map(plainInline)
    .join('\n');
  return `${where}\n${body}`;
}

function sectionsOf(blocks: readonly Block[], top: string | undefined): Section[] {
  const sections: Section[] = [];
  let stack: { level: number; text: string }[] = [];
  let current: Section = { path: [], blocks: [] };
  let inContents = false;
  for (const block of blocks) {
    if (block.kind === 'heading') {
      stack = [...stack.filter((above) => above.level < block.level), { level: block.level, text: block.text }];
      // The first heading of level 1 is the title: repeating it in every path would only dilute the embedding.
      const path = stack.filter((above) => !(above.level === 1 && above.text === top)).map((above) => above.text);
      current = { path, blocks: [] };
      sections.push(current);
      inContents = /^(table of )?contents$|^toc$/i.test(block.text);
    } else if (!(inContents && block.kind === 'list') && !isTableOfContents(block)) {
      if (sections.length === 0) sections.push(current);
      current.blocks.push(block);
    }
  }
  return sections.filter((section) => section.blocks.length > 0);
}

/**
 * A section of a few words ("See above.") says nothing alone: it joins the text of the section that it is part of. It never
 * joins its neighbour: that one's heading would be cited for it. A section with code or a list always stands for itself.
 */
function mergeStubs(sections: readonly Section[]): Section[] {
  const merged: Section[] = [];
  for (const section of sections) {
    const before = merged.at(-1);
    const parent = section.path.slice(0, -1);
    const stub = section.blocks.every((block) => block.kind === 'paragraph') && lengthOf(section.blocks) < 80;
    if (stub && before && parent.length > 0 && parent.join('\n') === before.path.join('\n')) {
      const text = section.blocks.map((block) => block.text).join('\n');
      before.blocks.push({ kind: 'paragraph', text: `${section.path.at(-1)}: ${text}` });
    } else {
      merged.push({ path: section.path, blocks: [...section.blocks] });
    }
  }
  return merged;
}

function lengthOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + block.text.length, 0);
}

/** Joins a block that introduces (ends with a colon, or is only a bold label) with the code, list or table after it. */
function groupsOf(blocks: readonly Block[]): Block[][] {
  const groups: Block[][] = [];
  for (const block of blocks) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    if (group && before && binds(before, block)) group.push(block);
    else groups.push([block]);
  }
  return groups;
}

function binds(before: Block, block: Block): boolean {
  if (before.kind === 'paragraph') return block.kind !== 'paragraph' || isLabel(before.text);
  // The item above an indented code block, and the remarks below a labelled one, belong to it.
  if (before.kind === 'list') return block.kind === 'code';
  return before.kind === 'code' && block.kind === 'list';
}

function isLabel(text: string): boolean {
  return /:\s*(\*\*|__)?\s*$/.test(text) || /^(\*\*|__)[^*_]+\1/.test(text.trim());
}

function pack(groups: readonly Block[][], target: number, limit: number): string[] {
  const parts: string[] = [];
  let open = '';
  for (const group of groups) {
    for (const piece of pieces(group, limit)) {
      if (open !== '' && open.length + piece.length + 2 > target) {
        parts.push(open);
        open = '';
      }
      open = open === '' ? piece : `${open}\n\n${piece}`;
    }
  }
  if (open !== '') parts.push(open);
  return parts;
}

/** A group as pieces of at most `limit` characters; every piece of a split group starts with what introduces it. */
function pieces(group: readonly Block[], limit: number): string[] {
  const whole = group.map((block) => block.text).join('\n\n');
  if (whole.length <= limit) return [whole];
  const first = group[0];
  const intro = group.length > 1 && first?.kind === 'paragraph' && first.text.length <= limit / 4 ? first.text : '';
  const room = intro === '' ? limit : limit - intro.length - 2;
  const rest = intro === '' ? group : group.slice(1);
  const parts = rest.flatMap((block) =>
    block.kind === 'code' ? splitCode(block.text, room) : splitLong(block.text, room),
  );
  const joined: string[] = [];
  for (const part of parts) {
    const before = joined.at(-1);
    if (before !== undefined && before.length + part.length + 2 <= room)
      joined[joined.length - 1] = `${before}\n\n${part}`;
    else joined.push(part);
  }
  return joined.map((part) => (intro === '' ? part : `${intro}\n\n${part}`));
}
