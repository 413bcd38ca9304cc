/**
 * Splits Markdown into the few kinds of block that matter for passages. It is no Markdown renderer: inline syntax stays as
 * written, and anything unknown is a paragraph, so that plain text works as well.
 */
export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'list'; readonly text: string }
  | { readonly kind: 'table'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string };

const FENCE = /^\s{0,12}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
const ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])\s+/;

/** Splits `markdown` into blocks, in order. Horizontal rules, HTML comments and front matter are left out. */
export function parseBlocks(markdown: string): Block[] {
  const lines = withoutFrontMatter(markdown.replace(/\r\n?/g, '\n').replace(/<!--[\s\S]*?-->/g, '')).split('\n');
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const fence = FENCE.exec(line)?.[1];
    const heading = HEADING.exec(line);
    if (fence !== undefined) {
      const end = fenceEnd(lines, at, fence);
      blocks.push({ kind: 'code', text: dedent(lines.slice(at, end)).join('\n') });
      at = end;
    } else if (heading) {
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, text: plainInline(heading[2] ?? '') });
      at += 1;
    } else if (line.trim() === '' || RULE.test(line)) {
      at += 1;
    } else if (ITEM.test(line)) {
      const end = listEnd(lines, at);
      blocks.push({ kind: 'list', text: lines.slice(at, end).join('\n').trimEnd() });
      at = end;
    } else {
      const end = paragraphEnd(lines, at);
      const text = lines.slice(at, end).join('\n');
      blocks.push({ kind: text.trimStart().startsWith('|') ? 'table' : 'paragraph', text: text.trim() });
      at = end;
    }
  }
  return blocks;
}

/** Inline Markdown without its marks: for headings and for the text that is embedded. */
export function plainInline(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(\*\*|__)(.+?)\1/g, '$2')
    .replace(/`([^`]*)`/g, '$1')
    .trim();
}

/** Whether a list only links to headings of its own document: a table of contents. */
export function isTableOfContents(block: Block): boolean {
  if (block.kind !== 'list') return false;
  const items = block.text.split('\n').filter((line) => line.trim() !== '');
  const links = items.filter((line) => /^\s*(?:[-*+]|\d+[.)])\s+\[[^\]]*\]\(#[^)]*\)\s*$/.test(line));
  return items.length > 1 && links.length >= items.length * 0.8;
}

function withoutFrontMatter(text: string): string {
  return text.replace(/^---\n[\s\S]{0,20000}?\n---\n/, '');
}

function fenceEnd(lines: readonly string[], start: number, fence: string): number {
  const close = new RegExp(`^\\s*${fence[0] === '~' ? '~' : '`'}{${fence.length},}\\s*$`);
  for (let at = start + 1; at < lines.length; at += 1) if (close.test(lines[at] ?? '')) return at + 1;
  return lines.length;
}

function dedent(lines: readonly string[]): string[] {
  const indent = /^\s*/.exec(lines[0] ?? '')?.[0].length ?? 0;
  return lines.map((line) => (line.slice(0, indent).trim() === '' ? line.slice(indent) : line.trimStart()));
}

/** A list goes on over blank lines as long as items or indented lines follow; a fence ends it, even an indented one. */
function listEnd(lines: readonly string[], start: number): number {
  let at = start + 1;
  let end = at;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (FENCE.test(line) || HEADING.test(line) || RULE.test(line)) break;
    if (line.trim() === '') continue;
    const afterBlank = (lines[at - 1] ?? '').trim() === '';
    if (afterBlank && !ITEM.test(line) && !/^\s{2,}/.test(line)) break;
    end = at + 1;
  }
  return end;
}

function paragraphEnd(lines: readonly string[], start: number): number {
  let at = start + 1;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || FENCE.test(line) || HEADING.test(line) || RULE.test(line) || ITEM.test(line)) break;
    at += 1;
  }
  return at;
}
