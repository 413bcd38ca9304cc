import { get } from '../api.js';
import { h, icon, notice, pill } from '../dom.js';
import { count, milliseconds, moment } from '../format.js';
import { liveView } from './view.js';

const STATES = {
  closed: ['ok', 'Closed', 'takes calls'],
  'half-open': ['warn', 'Half open', 'one call is let through, to see'],
  open: ['bad', 'Open', 'failed too often and gets no calls'],
};

export function providersView() {
  return liveView({
    title: 'Providers',
    lead: 'Who answers, in the order of the tiers, as this replica sees them.',
    load: () => get('/admin/providers'),
    show: ({ providers }) => {
      if (providers.length === 0) {
        return [
          notice(
            'empty',
            'No provider of language models is configured.',
            'Answers are quoted from the documents. An operator adds providers in PROVIDERS_FILE.',
          ),
        ];
      }
      const tiers = [...new Set(providers.map(({ tier }) => tier))];
      return tiers.map((tier) =>
        h(
          'section',
          { class: 'tier' },
          h(
            'h2',
            {},
            `Tier ${tier}`,
            h('span', { class: 'muted place' }, tier === 0 ? ' local and private' : ' outside the platform'),
          ),
          h('div', { class: 'cards' }, ...providers.filter((one) => one.tier === tier).map(card)),
        ),
      );
    },
  });
}

function card(provider) {
  const [kind, state, meaning] = STATES[provider.breaker] ?? ['warn', provider.breaker, ''];
  return h(
    'article',
    { class: 'card' },
    h(
      'header',
      {},
      h('h3', {}, provider.tier === 0 && icon('lock'), provider.name),
      h('span', { title: `The breaker is ${state.toLowerCase()}: ${meaning}` }, pill(kind, state)),
    ),
    h('p', { class: 'muted' }, `Breaker ${state.toLowerCase()}: ${meaning}`),
    provider.retryInMs > 0 && h('p', { class: 'muted' }, `Tried again in ${milliseconds(provider.retryInMs)}`),
    h(
      'dl',
      { class: 'facts' },
      fact('Answer p50', milliseconds(provider.latencyMs.p50)),
      fact('Answer p95', milliseconds(provider.latencyMs.p95)),
      fact('First token p50', milliseconds(provider.firstTokenMs.p50)),
      fact('Under way', count(provider.inFlight)),
    ),
    h('p', { class: 'models' }, ...provider.models.map((model) => h('code', {}, model))),
    provider.lastError &&
      h('p', { class: 'small bad-text' }, `Last error: ${provider.lastError.code}, ${moment(provider.lastError.at)}`),
  );
}

function fact(label, value) {
  return h('div', {}, h('dt', {}, label), h('dd', {}, value));
}
