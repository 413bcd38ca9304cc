import { h } from './dom.js';

/**
 * The Markdown that models and documents write, as elements: headings, lists, quotes, code, tables of text, emphasis, links.
 * Everything is made as elements and text, so that nothing in it can become a script.
 *
 * @param {string} text
 * @param {(number: number) => Node | undefined} citation What stands for a marker such as [1].
 */
export function markdown(text, citation = () => undefined) {
  const out = document.createDocumentFragment();
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const fence = /^\s*(`{3,}|~{3,})\s*([\w+#.-]*)/.exec(line);
    if (fence) {
      const end = lines.findIndex((other, index) => index > at && other.trim().startsWith(fence[1]));
      const last = end === -1 ? lines.length : end;
      out.append(codeBlock(lines.slice(at + 1, last).join('\n'), fence[2]));
      at = last + 1;
    } else if (line.trim() === '') {
      at += 1;
    } else if (/^#{1,6}\s/.test(line)) {
      const level = Math.min(6, /^#+/.exec(line)[0].length + 2);
      out.append(h(`h${level}`, {}, ...inline(line.replace(/^#+\s+/, ''), citation)));
      at += 1;
    } else if (/^\s*>/.test(line)) {
      const quoted = takeWhile(lines, at, (other) => /^\s*>/.test(other));
      out.append(
        h('blockquote', {}, markdown(quoted.map((other) => other.replace(/^\s*>\s?/, '')).join('\n'), citation)),
      );
      at += quoted.length;
    } else if (ITEM.test(line)) {
      const items = takeWhile(lines, at, (other, index) => index === at || ITEM.test(other) || /^\s{2,}\S/.test(other));
      out.append(list(items, citation));
      at += items.length;
    } else {
      const text = takeWhile(
        lines,
        at,
        (other, index) =>
          index === at || (other.trim() !== '' && !/^\s*(#{1,6}\s|>|```|~~~)/.test(other) && !ITEM.test(other)),
      );
      out.append(h('p', {}, ...inline(text.join('\n'), citation)));
      at += text.length;
    }
  }
  return out;
}

const ITEM = /^\s*(?:[-*+]|\d+[.)])\s+/;

function takeWhile(lines, from, test) {
  let to = from;
  while (to < lines.length && test(lines[to], to)) to += 1;
  return lines.slice(from, Math.max(to, from + 1));
}

function list(lines, citation) {
  const ordered = /^\s*\d/.test(lines[0]);
  const items = [];
  for (const line of lines) {
    if (ITEM.test(line)) items.push([line.replace(ITEM, '')]);
    else items.at(-1)?.push(line.trim());
  }
  return h(ordered ? 'ol' : 'ul', {}, ...items.map((item) => h('li', {}, ...inline(item.join(' '), citation))));
}

function codeBlock(code, language) {
  const block = h('pre', { tabindex: 0 }, h('code', {}, code));
  return h(
    'div',
    { class: 'code' },
    h('div', { class: 'code-head' }, h('span', {}, language || 'text'), copyButton(code)),
    block,
  );
}

/** A button that copies a text, and says so. */
export function copyButton(text) {
  const button = h(
    'button',
    {
      type: 'button',
      class: 'quiet small',
      onclick: async () => {
        await navigator.clipboard.writeText(text);
        button.textContent = 'Copied';
        setTimeout(() => {
          button.textContent = 'Copy';
        }, 1500);
      },
    },
    'Copy',
  );
  return button;
}

const INLINE =
  /(`+)([\s\S]+?)\1|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)|\[(\d{1,2})\]/g;

function inline(text, citation) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [all, , code, strong, strong2, emphasis, label, url, number] = match;
    parts.push(text.slice(from, match.index));
    from = match.index + all.length;
    if (code !== undefined) parts.push(h('code', {}, code));
    else if (strong ?? strong2) parts.push(h('strong', {}, strong ?? strong2));
    else if (emphasis !== undefined) parts.push(h('em', {}, emphasis));
    else if (url !== undefined) parts.push(h('a', { href: url, rel: 'noreferrer noopener', target: '_blank' }, label));
    else parts.push(citation(Number(number)) ?? all);
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== '');
}
