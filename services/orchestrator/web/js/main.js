import { ApiError, get, token, whenUnauthenticated } from './api.js';
import { failure, h, icon, replace } from './dom.js';
import { chatView } from './views/chat.js';
import { levelsView } from './views/levels.js';
import { providersView } from './views/providers.js';
import { spendView } from './views/spend.js';

const app = document.getElementById('app');
const kept = {};
let current;

const VIEWS = [
  { key: 'chat', title: 'Chat', feature: ['gateway', 'rag'], make: (session) => chatView(session, kept) },
  { key: 'providers', title: 'Providers', feature: ['gateway'], make: providersView },
  { key: 'spend', title: 'Spend', feature: ['budgets'], make: spendView },
  { key: 'levels', title: 'Service levels', make: levelsView },
];

function signIn(error) {
  current?.stop();
  current = undefined;
  const problem = h('div', { 'aria-live': 'assertive' }, error ? failure(error) : undefined);
  const field = h('input', {
    id: 'token',
    type: 'password',
    autocomplete: 'current-password',
    spellcheck: false,
    required: true,
  });
  const button = h('button', { type: 'submit', class: 'primary' }, 'Continue');
  replace(
    app,
    h(
      'main',
      { id: 'main', class: 'sign-in' },
      h(
        'form',
        {
          onsubmit: async (event) => {
            event.preventDefault();
            button.disabled = true;
            token.set(field.value.trim());
            await begin();
            button.disabled = false;
          },
        },
        h('img', { src: '/web/icon.svg', alt: '', width: undefined }),
        h('h1', {}, 'Keelson'),
        h('p', { class: 'muted' }, 'Chat with your models and documents, and see how the platform does.'),
        problem,
        // Keepers of passwords file the token under this name.
        h('input', { type: 'text', name: 'username', autocomplete: 'username', value: 'keelson', hidden: true }),
        h('label', { for: 'token' }, 'API token'),
        field,
        h('p', { class: 'muted small' }, 'It stays in this tab, and is gone when you close it.'),
        button,
        h('p', { class: 'small' }, h('a', { href: '/docs' }, 'API documentation')),
      ),
    ),
  );
  field.focus();
}

async function begin() {
  let session;
  try {
    session = await get('/api/v1/session');
  } catch (error) {
    // A token that is not good was told to whenUnauthenticated.
    if (error.status !== 401) signIn(error);
    return;
  }
  frame(session);
}

function frame(session) {
  const views = VIEWS.filter(({ feature }) => feature?.some((name) => session.features.includes(name)) ?? true);
  const main = h('main', { id: 'main', tabindex: -1 });
  const links = new Map(
    views.map(({ key, title }) => [key, h('a', { href: `#${key}` }, icon(key), h('span', {}, title))]),
  );
  const theme = h('button', { type: 'button', class: 'quiet', onclick: () => switchTheme(theme) });
  paintTheme(theme);
  const leave = () => {
    token.clear();
    signIn();
    for (const key of Object.keys(kept)) delete kept[key];
  };
  replace(
    app,
    h(
      'nav',
      { class: 'side', 'aria-label': 'Main' },
      h('a', { class: 'brand', href: '#chat' }, h('img', { src: '/web/icon.svg', alt: '' }), h('span', {}, 'Keelson')),
      h('div', { class: 'links' }, ...links.values()),
      h(
        'div',
        { class: 'foot' },
        h(
          'p',
          { class: 'who', title: `Token ${session.caller}, tenant ${session.tenant}` },
          h('span', { class: 'avatar', 'aria-hidden': 'true' }, session.user.charAt(0).toUpperCase()),
          h('span', {}, h('strong', {}, session.user), h('span', { class: 'muted small' }, session.tier)),
        ),
        h(
          'div',
          { class: 'foot-buttons' },
          theme,
          h(
            'a',
            { class: 'button quiet', href: '/docs', 'aria-label': 'API documentation', title: 'API documentation' },
            icon('file'),
            h('span', {}, 'API'),
          ),
          h(
            'button',
            { type: 'button', class: 'quiet', onclick: leave, title: 'Forget the token' },
            icon('out'),
            h('span', {}, 'Leave'),
          ),
        ),
      ),
    ),
    main,
  );
  const show = () => {
    const key = links.has(location.hash.slice(1)) ? location.hash.slice(1) : views[0].key;
    for (const [name, link] of links) {
      if (name === key) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    current?.stop();
    const { title, make } = views.find((view) => view.key === key);
    document.title = `${title} · Keelson`;
    current = make(session);
    replace(main, current.element);
    main.scrollTop = 0;
    current.start();
  };
  window.onhashchange = show;
  show();
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function paintTheme(button) {
  const next = isDark() ? 'light' : 'dark';
  button.setAttribute('aria-label', `Use the ${next} theme`);
  button.title = `Use the ${next} theme`;
  replace(button, icon(isDark() ? 'sun' : 'moon'), h('span', {}, isDark() ? 'Light' : 'Dark'));
}

function switchTheme(button) {
  const next = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  localStorage.setItem('keelson-theme', next);
  paintTheme(button);
}

whenUnauthenticated(() => {
  token.clear();
  signIn(
    new ApiError({
      message: 'This token is not known here.',
      cure: 'Check that you copied all of it; it may also have been replaced by a newer one.',
    }),
  );
});
if (token.get()) await begin();
else signIn();
