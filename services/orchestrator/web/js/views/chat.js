import { ApiError, stream } from '../api.js';
import { failure, h, icon, pill, replace } from '../dom.js';
import { milliseconds } from '../format.js';
import { copyButton, markdown } from '../markdown.js';
import { choice } from './view.js';

const MODES = {
  extractive: ['idle', 'Quoted', 'Quoted from the documents; no language model took part'],
  generated: ['ok', 'Worded by a model', 'Worded by a language model from the passages below'],
  none: ['warn', 'Not covered', 'No stored document covers the question'],
};

/** A conversation: with a model, or with the documents. It is kept while the page is open. */
export function chatView(session, kept) {
  const rag = session.features.includes('rag');
  const canChat = session.features.includes('gateway') && session.models.length > 0;
  kept.source ??= rag ? 'documents' : 'model';
  if (!canChat && rag) kept.source = 'documents';
  let running;

  const log = h('div', { class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': 'Conversation', tabindex: 0 });
  const status = h('p', { class: 'unseen', role: 'status' });
  const field = h('textarea', {
    id: 'question',
    rows: 1,
    maxlength: 100_000,
    'aria-describedby': 'hint',
    oninput: () => fit(),
    onkeydown: (event) => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        void submit();
      }
      if (event.key === 'Escape') running?.abort();
    },
  });
  const send = h('button', { type: 'submit', class: 'primary round', 'aria-label': 'Send' }, icon('send'));
  const models = h(
    'select',
    { 'aria-label': 'Model', onchange: (event) => (kept.model = event.target.value) },
    ...session.models.map((name) => h('option', { value: name }, name)),
  );
  if (kept.model) models.value = kept.model;
  const isPrivate = h('input', {
    type: 'checkbox',
    checked: kept.private ?? false,
    onchange: (event) => (kept.private = event.target.checked),
  });
  const modelTools = h(
    'div',
    { class: 'tools' },
    h('label', { class: 'select' }, models, icon('down')),
    h(
      'label',
      { class: 'check', title: 'Only providers of tier 0, whatever fails' },
      isPrivate,
      h('span', {}, 'Private'),
    ),
  );
  const empty = h('div', { class: 'welcome' });
  const form = h(
    'form',
    {
      class: 'composer',
      onsubmit: (event) => {
        event.preventDefault();
        if (running) running.abort();
        else void submit();
      },
    },
    h('label', { class: 'unseen', for: 'question' }, 'Your question'),
    field,
    send,
  );
  const source = choice({
    label: 'Who answers',
    options: [
      ['documents', 'Documents'],
      ['model', 'Model'],
    ],
    value: kept.source,
    onchange: (value) => {
      kept.source = value;
      arrange();
      field.focus();
    },
  });
  const fresh = h(
    'button',
    {
      type: 'button',
      class: 'quiet',
      onclick: () => {
        running?.abort();
        kept.turns = [];
        replace(log, empty);
        arrange();
        field.focus();
      },
    },
    icon('plus'),
    'New',
  );
  const element = h(
    'section',
    { class: 'chat' },
    h(
      'header',
      { class: 'chat-head' },
      h('h1', { class: 'unseen' }, 'Chat'),
      rag && canChat && source,
      modelTools,
      fresh,
    ),
    log,
    h(
      'div',
      { class: 'bottom' },
      form,
      h('p', { id: 'hint', class: 'hint muted small' }, 'Enter sends, Shift and Enter makes a new line.'),
    ),
    status,
  );

  function fit() {
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight, 220)}px`;
  }

  function arrange() {
    const documents = kept.source === 'documents';
    modelTools.hidden = documents || !canChat;
    field.placeholder = documents
      ? 'Ask the stored documents'
      : canChat
        ? 'Ask the model'
        : 'No language model is configured';
    field.disabled = !documents && !canChat;
    send.disabled = field.disabled;
    fresh.hidden = kept.turns.length === 0;
    replace(
      empty,
      h('img', { src: '/web/icon.svg', alt: '' }),
      h(
        'h2',
        {},
        documents
          ? 'What would you like to know?'
          : canChat
            ? 'What can the model do for you?'
            : 'Nobody to talk to yet',
      ),
      h(
        'p',
        { class: 'muted' },
        documents
          ? 'Answers come from the stored documents, each with the passages it rests on.'
          : canChat
            ? 'What you write goes to the model chosen above, and to nobody else.'
            : 'An operator has to configure a provider in PROVIDERS_FILE.',
      ),
    );
  }

  /** Follows the newest text, unless the reader has scrolled up. */
  function following() {
    const near = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    return () => {
      if (near) log.scrollTop = log.scrollHeight;
    };
  }

  function bubble(role, ...content) {
    const item = h(
      'article',
      { class: `turn ${role}` },
      h('h2', { class: 'unseen' }, role === 'user' ? 'You' : 'Answer'),
      ...content,
    );
    empty.remove();
    log.append(item);
    log.scrollTop = log.scrollHeight;
    return item;
  }

  async function submit() {
    const question = field.value.trim();
    if (question === '' || running || field.disabled) return;
    field.value = '';
    fit();
    bubble('user', h('div', { class: 'text' }, question));
    running = new AbortController();
    replace(send, icon('stop'));
    send.setAttribute('aria-label', 'Stop');
    status.textContent = 'Answering…';
    const turn = { question, source: kept.source, answer: '' };
    kept.turns.push(turn);
    fresh.hidden = false;
    const body = h('div', { class: 'text md' }, h('span', { class: 'waiting' }, h('i'), h('i'), h('i')));
    const extra = h('div', { class: 'extra' });
    const answer = bubble('assistant', body, extra);
    answer.setAttribute('aria-busy', 'true');
    try {
      await (turn.source === 'documents' ? askDocuments : askModel)(turn, body, extra, running.signal);
      status.textContent = 'The answer is complete.';
    } catch (error) {
      const follow = following();
      if (turn.answer === '') replace(body);
      if (error.name === 'AbortError') extra.append(h('p', { class: 'muted small' }, 'Stopped.'));
      else extra.append(failure(error));
      follow();
      status.textContent = error.name === 'AbortError' ? 'Stopped.' : 'The answer failed.';
    } finally {
      answer.setAttribute('aria-busy', 'false');
      running = undefined;
      replace(send, icon('send'));
      send.setAttribute('aria-label', 'Send');
      field.focus();
    }
  }

  async function askModel(turn, body, extra, signal) {
    const started = performance.now();
    const messages = kept.turns
      .filter((one) => one === turn || (one.source === 'model' && one.answer !== ''))
      .flatMap((one) => [
        { role: 'user', content: one.question },
        ...(one === turn ? [] : [{ role: 'assistant', content: one.answer }]),
      ]);
    const paint = painter(body, () => turn.answer);
    let first;
    let usage;
    let complete = false;
    for await (const { event, data } of stream(
      '/v1/chat/completions',
      {
        model: models.value,
        messages,
        stream: true,
        stream_options: { include_usage: true },
        ...(isPrivate.checked ? { private: true } : {}),
      },
      signal,
    )) {
      if (event === 'error') throw new ApiError(JSON.parse(data).error ?? { message: 'The stream was cut.' });
      if (data === '[DONE]') {
        complete = true;
        continue;
      }
      const chunk = JSON.parse(data);
      usage = chunk.usage ?? usage;
      const text = chunk.choices?.[0]?.delta?.content ?? '';
      if (text === '') continue;
      first ??= performance.now() - started;
      turn.answer += text;
      paint();
    }
    paint.now();
    if (!complete) throw new ApiError({ message: 'The answer was cut before its end.', cure: 'Ask again.' });
    const seconds = (performance.now() - started) / 1000;
    const follow = following();
    extra.append(
      h(
        'p',
        { class: 'meta muted small' },
        [
          models.value,
          first !== undefined && `first token ${milliseconds(first)}`,
          `${milliseconds(seconds * 1000)} in all`,
          usage && `${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out`,
        ]
          .filter(Boolean)
          .join(' · '),
        copyButton(turn.answer),
      ),
    );
    follow();
  }

  async function askDocuments(turn, body, extra, signal) {
    let citations = [];
    const sources = h('div', { class: 'sources' });
    const cite = (number) => {
      const found = citations[number - 1];
      return (
        found &&
        h(
          'button',
          {
            type: 'button',
            class: 'cite',
            title: found.source,
            'aria-label': `Source ${number}: ${found.source}`,
            onclick: () => openSource(sources, number),
          },
          String(number),
        )
      );
    };
    const paint = painter(body, () => turn.answer, cite);
    let done;
    for await (const { event, data } of stream('/api/v1/query', { query: turn.question, stream: true }, signal)) {
      const part = JSON.parse(data);
      if (event === 'error') throw new ApiError(part.error ?? { message: 'The stream was cut.' });
      if (event === 'citations') citations = part.citations;
      if (event === 'delta') {
        turn.answer += part.text;
        paint();
      }
      if (event === 'done') done = part;
    }
    paint.now();
    if (!done) throw new ApiError({ message: 'The answer was cut before its end.', cure: 'Ask again.' });
    const follow = following();
    const [kind, word, meaning] = MODES[done.mode];
    extra.append(
      h('p', { class: 'meta muted small' }, h('span', { title: meaning }, pill(kind, word)), copyButton(turn.answer)),
    );
    if (citations.length > 0) {
      replace(
        sources,
        h('h3', {}, citations.length === 1 ? '1 source' : `${citations.length} sources`),
        ...citations.map(sourceCard),
      );
      extra.append(sources);
    }
    follow();
  }

  kept.turns ??= [];
  arrange();
  log.append(...(kept.log ?? [empty]));
  return {
    element,
    start: () => {
      fit();
      log.scrollTop = log.scrollHeight;
      if (matchMedia('(hover: hover)').matches) field.focus();
    },
    stop: () => {
      running?.abort();
      kept.log = kept.turns.length > 0 ? [...log.childNodes] : undefined;
    },
  };
}

/** Paints at most once a frame, however fast the text comes. */
function painter(body, text, cite) {
  let due = false;
  const now = () => {
    due = false;
    const log = body.closest('.log');
    const near = log && log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    replace(body, markdown(text(), cite));
    if (near) log.scrollTop = log.scrollHeight;
  };
  const paint = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      if (due) now();
    });
  };
  paint.now = now;
  return paint;
}

function sourceCard(citation, at) {
  const { source, document, heading, passage, score, position } = citation;
  return h(
    'details',
    { class: 'source', 'data-number': at + 1 },
    h(
      'summary',
      {},
      h('span', { class: 'cite' }, String(at + 1)),
      h('span', { class: 'where' }, h('strong', {}, source), heading && h('span', { class: 'muted' }, heading)),
      h('span', { class: 'score muted small', title: 'How near question and passage are, 0 to 1' }, score.toFixed(2)),
      icon('down'),
    ),
    h('div', { class: 'passage md' }, markdown(passage)),
    h('p', { class: 'muted small' }, `Document ${document}, passage ${position + 1}`),
  );
}

function openSource(sources, number) {
  const card = sources.querySelector(`[data-number="${number}"]`);
  if (!card) return;
  card.open = true;
  card.scrollIntoView({
    block: 'nearest',
    behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth',
  });
  card.querySelector('summary').focus();
}
