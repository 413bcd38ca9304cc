import { get } from '../api.js';
import { h, meter, pill } from '../dom.js';
import { count, moment, money } from '../format.js';
import { liveView } from './view.js';

const PERIODS = [
  ['daily', 'Today'],
  ['weekly', 'This week'],
  ['monthly', 'This month'],
];

export function spendView(session) {
  const admin = session.roles.includes('admin');
  return liveView({
    title: 'Spend',
    lead: `What ${session.user} has spent, against the budget of the tier ${session.tier}.`,
    everyMs: 10_000,
    load: async () => {
      const user = encodeURIComponent(session.user);
      const [budgets, top] = await Promise.all([
        Promise.all(PERIODS.map(([period]) => get(`/api/v1/budget/user/${user}?period=${period}`))),
        admin ? get('/api/v1/budget/top-spenders/daily?limit=10') : undefined,
      ]);
      return { budgets, top };
    },
    show: ({ budgets, top }) => [
      h('div', { class: 'cards' }, ...budgets.map((budget, at) => card(budget, PERIODS[at][1]))),
      top && topSpenders(top.spenders),
    ],
  });
}

function card(budget, title) {
  const { spent, reserved, limit, remaining } = budget;
  const share = limit === null ? 0 : limit === 0 ? 1 : spent / limit;
  const kind = share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : 'ok';
  return h(
    'article',
    { class: 'card' },
    h(
      'header',
      {},
      h('h2', {}, title),
      limit !== null &&
        pill(kind, share >= 1 ? 'Used up' : share > 0 && share < 0.01 ? '< 1 %' : `${Math.round(share * 100)} %`),
    ),
    h(
      'p',
      { class: 'figure' },
      money(spent),
      h('span', { class: 'muted' }, limit === null ? ' no limit' : ` of ${money(limit)}`),
    ),
    limit !== null &&
      meter({
        label: `Spent ${title.toLowerCase()}`,
        share,
        second: limit === 0 ? 0 : reserved / limit,
        kind,
        text: `${money(spent)} of ${money(limit)}`,
      }),
    h(
      'dl',
      { class: 'facts' },
      h('div', {}, h('dt', {}, 'Remaining'), h('dd', {}, remaining === null ? 'no limit' : money(remaining))),
      h('div', {}, h('dt', {}, 'Reserved'), h('dd', {}, money(reserved))),
    ),
    h('p', { class: 'muted small' }, `Starts anew ${moment(budget.period_end)}`),
  );
}

function topSpenders(spenders) {
  return h(
    'section',
    { class: 'stack' },
    h('h2', {}, 'Who spent most today'),
    spenders.length === 0
      ? h('p', { class: 'muted' }, 'Nobody has spent anything today.')
      : h(
          'div',
          { class: 'table', role: 'region', 'aria-label': 'Who spent most today', tabindex: 0 },
          h(
            'table',
            {},
            h(
              'thead',
              {},
              h(
                'tr',
                {},
                ...['User', 'Spent', 'Requests', 'Tokens in', 'Tokens out'].map((text, at) =>
                  h('th', { scope: 'col', class: at > 0 && 'number' }, text),
                ),
              ),
            ),
            h(
              'tbody',
              {},
              ...spenders.map((one) =>
                h(
                  'tr',
                  {},
                  h('th', { scope: 'row' }, one.user_id),
                  ...[
                    money(one.spent),
                    count(one.requests),
                    count(one.prompt_tokens),
                    count(one.completion_tokens),
                  ].map((text) => h('td', { class: 'number' }, text)),
                ),
              ),
            ),
          ),
        ),
  );
}
