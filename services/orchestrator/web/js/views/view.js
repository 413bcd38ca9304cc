import { failure, h, replace } from '../dom.js';

/**
 * A view that shows what the service says now, again and again while it is seen.
 *
 * @param {{ title: string, lead: string, load: () => Promise<unknown>, show: (data: any) => Node[], controls?: Node[], everyMs?: number }} options
 */
export function liveView({ title, lead, load, show, controls = [], everyMs = 5_000 }) {
  const content = h('div', { class: 'stack', 'aria-busy': 'true' }, h('p', { class: 'muted' }, 'Loading…'));
  let timer;
  let stopped = false;
  let shown = false;
  const refresh = async () => {
    clearTimeout(timer);
    try {
      const data = await load();
      if (stopped) return;
      // Whoever reads a row or has opened it is not interrupted.
      const open = new Set([...content.querySelectorAll('details[open]')].map((one) => one.dataset.key));
      replace(content, ...show(data));
      for (const one of content.querySelectorAll('details')) one.open = open.has(one.dataset.key);
      shown = true;
    } catch (error) {
      if (stopped) return;
      // What was seen last stays, with a word that it is old.
      const note = failure(error);
      if (shown) content.querySelector('.notice.error')?.remove();
      if (shown) content.prepend(note);
      else replace(content, note);
    }
    content.setAttribute('aria-busy', 'false');
    if (!stopped && everyMs > 0) timer = setTimeout(refresh, everyMs);
  };
  const element = h(
    'section',
    { class: 'page' },
    h(
      'header',
      { class: 'page-head' },
      h('div', {}, h('h1', {}, title), h('p', { class: 'muted' }, lead)),
      ...controls,
    ),
    content,
  );
  return {
    element,
    refresh,
    start: refresh,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** A choice of one of a few, as buttons. */
export function choice({ label, options, value, onchange }) {
  const name = `choice-${label.replace(/\W/g, '')}`;
  return h(
    'fieldset',
    { class: 'segments' },
    h('legend', { class: 'unseen' }, label),
    ...options.map(([key, text]) =>
      h(
        'label',
        {},
        h('input', { type: 'radio', name, value: key, checked: key === value, onchange: () => onchange(key) }),
        h('span', {}, text),
      ),
    ),
  );
}
