/**
 * Makes an element. Text is always text: nothing that comes from elsewhere is ever read as HTML.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} attributes `class`, `on…` listeners, properties such as `value`, else attributes
 * @param {...(Node | string | null | undefined | false)} children
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'width') element.style.width = value;
    else if (name === 'value' || name === 'checked' || name === 'disabled') element[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

const PATHS = {
  chat: 'M4 5h16v11H9l-4 3.5V16H4z',
  providers: 'M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01',
  spend: 'M4 19V9M10 19V5M16 19v-7M21 19H3',
  levels: 'M3 13h4l3-8 4 14 3-6h4',
  send: 'M5 12h14M13 6l6 6-6 6',
  stop: 'M7 7h10v10H7z',
  copy: 'M9 9h10v10H9zM5 15V5h10',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  sun: 'M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4',
  moon: 'M20 14.5A8 8 0 019.5 4a8 8 0 1010.5 10.5z',
  out: 'M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9',
  plus: 'M12 5v14M5 12h14',
  down: 'M6 9l6 6 6-6',
  lock: 'M6 11h12v9H6zM9 11V8a3 3 0 016 0v3',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4',
  alert: 'M12 4l9 16H3zM12 10v4M12 17h.01',
};

/** A picture that says nothing more than the text beside it. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('icon');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

/** A coloured word: its meaning is in the word, not in the colour alone. */
export function pill(kind, text) {
  return h('span', { class: `pill ${kind}` }, text);
}

/** A bar from 0 to 1 with its meaning for those who do not see it. */
export function meter({ label, share, second = 0, kind = 'ok', text }) {
  const percent = Math.round(Math.max(0, Math.min(1, share)) * 1000) / 10;
  const more = Math.round(Math.max(0, Math.min(1 - percent / 100, second)) * 1000) / 10;
  return h(
    'div',
    {
      class: `meter ${kind}`,
      role: 'meter',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': percent,
      'aria-valuetext': text,
    },
    h('span', { class: 'fill', width: `${percent}%` }),
    more > 0 && h('span', { class: 'fill second', width: `${more}%` }),
  );
}

/** Puts new content in place of the old. */
export function replace(parent, ...children) {
  parent.replaceChildren(
    ...children.flat().filter((child) => child !== undefined && child !== null && child !== false),
  );
}

/** What to show while there is nothing to show. */
export function notice(kind, title, ...text) {
  return h(
    'div',
    { class: `notice ${kind}`, role: kind === 'error' ? 'alert' : undefined },
    kind === 'error' && icon('alert'),
    h('div', {}, h('strong', {}, title), ...text.filter(Boolean).map((line) => h('p', {}, line))),
  );
}

/** An error of the API: what is wrong, and what to do. */
export function failure(error) {
  return notice('error', error.message, error.cure, error.requestId && `Request ${error.requestId}`);
}
