import { get } from '../api.js';
import { h, meter, notice, pill } from '../dom.js';
import { count, milliseconds, percent } from '../format.js';
import { choice, liveView } from './view.js';

const WINDOWS = [
  ['5m', '5 min'],
  ['1h', '1 h'],
  ['24h', '24 h'],
  ['7d', '7 days'],
  ['30d', '30 days'],
];

export function levelsView(session) {
  const production = session.features.includes('production');
  let window = '1h';
  const view = liveView({
    title: 'Service levels',
    lead: production
      ? 'What was promised, and what was measured, over all replicas.'
      : 'What this service needs, and whether it is there.',
    controls: production
      ? [
          choice({
            label: 'Window',
            options: WINDOWS,
            value: window,
            onchange: (chosen) => {
              window = chosen;
              view.refresh();
            },
          }),
        ]
      : [],
    load: async () => {
      const [slo, health] = await Promise.all([
        production ? get(`/api/v1/metrics/slo-compliance?window=${window}`) : undefined,
        get('/health/detailed'),
      ]);
      return { slo, health };
    },
    show: ({ slo, health }) => [slo && overall(slo), slo && endpoints(slo), dependencies(health)],
  });
  return view;
}

function overall({ status, availability, availability_objective: objective, requests, endpoints }) {
  const late = endpoints.filter(({ compliant }) => !compliant).length;
  const [kind, text] = { compliant: ['ok', 'Kept'], violated: ['bad', 'Not kept'], no_data: ['idle', 'No requests'] }[
    status
  ];
  const figure = (label, value, note) =>
    h(
      'div',
      { class: 'card figure-card' },
      h('p', { class: 'muted' }, label),
      h('p', { class: 'figure' }, value),
      h('p', { class: 'muted small' }, note),
    );
  return h(
    'div',
    { class: 'cards three' },
    figure(
      'Objectives',
      pill(kind, text),
      late === 0 ? 'No endpoint is off its objective' : `${late} of ${endpoints.length} endpoints off their objective`,
    ),
    figure('Availability', percent(availability, 3), `objective ${percent(objective, 3)}`),
    figure('Requests', count(requests), 'without probes'),
  );
}

function endpoints({ endpoints }) {
  if (endpoints.length === 0)
    return notice('empty', 'Nothing was asked in this window.', 'Choose a longer one, or ask something.');
  const head = ['Endpoint', 'State', 'Requests', 'Errors', 'p50', 'p95', 'p99', 'Error budget left'];
  return h(
    'div',
    { class: 'table', role: 'region', 'aria-label': 'Endpoints', tabindex: 0 },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h('tr', {}, ...head.map((text, at) => h('th', { scope: 'col', class: at > 1 && at < 7 && 'number' }, text))),
      ),
      h('tbody', {}, ...endpoints.map(row)),
    ),
  );
}

/** A measured value, with what was promised below it. */
function against(value, promised, broken) {
  return h(
    'td',
    { class: 'number' },
    h('span', { class: broken && 'bad-text' }, value),
    h('span', { class: 'promised muted' }, `of ${promised}`),
  );
}

function row(one) {
  const { objective, error_budget_remaining: left } = one;
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, h('code', {}, one.endpoint)),
    h(
      'td',
      {},
      one.compliant ? pill('ok', 'Kept') : h('span', { title: one.violations.join('; ') }, pill('bad', 'Not kept')),
    ),
    h('td', { class: 'number' }, count(one.requests)),
    against(percent(one.error_rate), percent(objective.error_rate), one.error_rate > objective.error_rate),
    h('td', { class: 'number' }, milliseconds(one.p50_ms)),
    against(milliseconds(one.p95_ms), milliseconds(objective.p95_ms), one.p95_ms > objective.p95_ms),
    h('td', { class: 'number' }, milliseconds(one.p99_ms)),
    h(
      'td',
      {},
      h(
        'div',
        { class: 'budget' },
        meter({
          label: `Error budget of ${one.endpoint}`,
          share: left,
          kind: left < 0.1 ? 'bad' : left < 0.4 ? 'warn' : 'ok',
          text: percent(left, 0),
        }),
        h('span', { class: 'number' }, percent(left, 0)),
      ),
    ),
  );
}

function dependencies({ dependencies, status, reason }) {
  const kinds = { up: 'ok', down: 'bad', unknown: 'idle' };
  return h(
    'section',
    { class: 'stack' },
    h('h2', {}, 'Dependencies ', pill(status === 'ok' ? 'ok' : status === 'degraded' ? 'warn' : 'bad', status)),
    reason && h('p', { class: 'muted' }, reason),
    dependencies.length === 0
      ? h('p', { class: 'muted' }, 'This service needs nothing else.')
      : h(
          'ul',
          { class: 'dependencies' },
          ...dependencies.map((one) =>
            h(
              'li',
              { class: 'card' },
              h('strong', {}, one.name),
              pill(kinds[one.state], one.state),
              h(
                'span',
                { class: 'muted small' },
                `${milliseconds(one.latencyMs)}${one.hard ? '' : ', can be done without'}`,
              ),
              one.state === 'down' && one.lastError && h('span', { class: 'small bad-text' }, one.lastError.message),
            ),
          ),
        ),
  );
}
