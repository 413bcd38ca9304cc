import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startBrowser } from '../../../support/browser.ts';
import { eventually } from '../../../support/processes.ts';
import { startWholeService, TOKENS, type WholeService } from '../support/whole-service.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let whole: WholeService;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What the browser complained about: scripts that failed, and what the security policy refused. */
let complaints: string[] = [];
let elsewhere: string[] = [];

beforeAll(async () => {
  [whole, browser] = await Promise.all([
    startWholeService({
      policy: { tiers: { standard: { budget: { daily: 2 } } } },
      providers: [
        { name: 'cloud', kind: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1', tier: 2, models: ['far'] },
      ],
    }),
    startBrowser(),
  ]);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await whole.stop();
});

const open = async (token: string = TOKENS.operator, options: { colorScheme?: 'dark' | 'light' } = {}) => {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(whole.url)) elsewhere.push(request.url());
  });
  await page.goto(whole.url);
  await page.getByLabel('API token').fill(token);
  await page.getByRole('button', { name: 'Continue' }).click();
};
const ask = async (question: string) => {
  await page.getByLabel('Your question').fill(question);
  await page.keyboard.press('Enter');
};
const answers = () => page.locator('.turn.assistant');

beforeEach(() => {
  complaints = [];
  elsewhere = [];
  whole.model.pace = async () => undefined;
});

describe('the token', () => {
  it('is asked for, checked, kept in the tab alone, and forgotten on leaving', async () => {
    await open('wrong');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('not known');
    await page.getByLabel('API token').fill(TOKENS.alice);
    await page.keyboard.press('Enter');
    await page.getByLabel('Your question').waitFor();
    const kept = () => page.evaluate('[JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie]');
    expect(await kept()).toEqual([JSON.stringify({ 'keelson-token': TOKENS.alice }), '{}', '']);
    await page.reload();
    await page.getByLabel('Your question').waitFor();
    await page.getByRole('button', { name: 'Leave' }).click();
    await page.getByLabel('API token').waitFor();
    expect(await kept()).toEqual(['{}', '{}', '']);
    // The refused token is the one thing that the browser itself reports.
    expect(complaints).toEqual([expect.stringContaining('401')]);
    expect(elsewhere).toEqual([]);
  });
});

describe('chat', () => {
  it('shows the words while they come, and says when the answer is complete', async () => {
    await open();
    await page.getByRole('radio', { name: 'Model' }).check();
    let release = () => {};
    let words = 0;
    whole.model.reply = () => 'Held together **out of sight**.';
    whole.model.pace = async () => {
      words += 1;
      if (words === 3) await new Promise<void>((resolve) => (release = resolve));
    };
    await ask('What is a keelson?');
    await eventually(async () => expect(await answers().last().textContent()).toContain('Held together'));
    expect(await answers().last().getAttribute('aria-busy')).toBe('true');
    release();
    await page.getByText('10 tokens in, 5 out').waitFor();
    expect(await answers().last().locator('strong').textContent()).toBe('out of sight');
    expect(await page.getByRole('status').textContent()).toBe('The answer is complete.');
    expect(complaints).toEqual([]);
  });

  it('sends the conversation so far, and nothing of it after a new one began', async () => {
    await ask('And what then?');
    await eventually(() => expect(whole.model.asked.at(-1)?.messages).toHaveLength(3));
    await eventually(async () => expect(await answers().count()).toBe(2));
    await page.getByRole('button', { name: 'New' }).click();
    await ask('Anew.');
    await eventually(() => expect(whole.model.asked.at(-1)?.messages).toHaveLength(1));
  });

  it('takes nothing that a model writes for HTML', async () => {
    whole.model.reply = () => '<img src=x onerror="document.title=1"> [a](javascript:alert(1)) `<b>`';
    await ask('Break it.');
    await eventually(async () => expect(await answers().last().textContent()).toContain('<img src=x'));
    await page.getByText('10 tokens in, 5 out').last().waitFor();
    expect(await answers().last().locator('img, a, b').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('stops on request, and the provider as well', async () => {
    whole.model.reply = () => 'one two three';
    let words = 0;
    let release = () => {};
    whole.model.pace = async () => {
      words += 1;
      if (words === 2) await new Promise<void>((resolve) => (release = resolve));
    };
    await ask('Count.');
    await eventually(async () => expect(await answers().last().textContent()).toContain('one'));
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped.').first().waitFor();
    await eventually(() => expect(whole.model.abandoned).toBe(1));
    release();
    expect(await page.getByRole('button', { name: 'Send' }).isVisible()).toBe(true);
  });

  it('says in words what failed, and what to do', async () => {
    await page.getByRole('combobox', { name: 'Model' }).selectOption('far');
    await ask('Anybody there?');
    const alert = page.getByRole('alert').last();
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(/provider[\s\S]*Request [0-9a-f-]{36}/i);
  });
});

describe('documents', () => {
  it('answers with its sources; a marker opens its passage', async () => {
    const stored = await whole.service.app.inject({
      method: 'POST',
      url: '/api/v1/documents',
      headers: { authorization: `Bearer ${TOKENS.operator}` },
      payload: {
        id: 'l',
        text: '# Lighthouse\n\n## Horn\n\nSound the fog horn with `horn --long 3`.',
        source: 'light.md',
      },
    });
    expect(stored.statusCode).toBe(200);
    await open();
    whole.model.reply = () => 'Sound the fog horn [1].';
    await ask('How do I sound the fog horn?');
    await page.getByText('1 source').waitFor();
    expect(await page.getByText('Worded by a model').isVisible()).toBe(true);
    const source = page.locator('details.source');
    expect(await source.getAttribute('open')).toBeNull();
    await page.getByRole('button', { name: 'Source 1: light.md' }).click();
    expect(await source.locator('.passage').isVisible()).toBe(true);
    expect(await source.textContent()).toContain('horn --long 3');
    expect(await source.textContent()).toContain('Document l, passage 1');
  });

  it('says that no document covers a question', async () => {
    await ask('Who painted the ceiling of the chapel?');
    await page.getByText('Not covered').waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('the platform', () => {
  it('shows providers with tier and the state of their breakers', async () => {
    for (let at = 0; at < 12; at += 1) {
      await whole.service.app.inject({
        method: 'POST',
        url: '/v1/chat/completions',
        headers: { authorization: `Bearer ${TOKENS.operator}` },
        payload: { model: 'far', messages: [{ role: 'user', content: 'x' }], max_tokens: 1 },
      });
    }
    await page.getByRole('link', { name: 'Providers' }).click();
    const card = (name: string) => page.getByRole('article').filter({ has: page.getByRole('heading', { name }) });
    await card('cloud').getByText('Open', { exact: true }).waitFor();
    expect(await card('local').getByText('Closed', { exact: true }).isVisible()).toBe(true);
    expect(await page.getByRole('heading', { name: /Tier 0/ }).textContent()).toContain('private');
    expect(await page.getByRole('heading', { name: /Tier 2/ }).isVisible()).toBe(true);
  });

  it('shows what was spent against the budget', async () => {
    await page.getByRole('link', { name: 'Spend' }).click();
    const today = page.getByRole('meter', { name: 'Spent today' });
    await today.waitFor();
    expect(await today.getAttribute('aria-valuetext')).toMatch(/^\$0\.\d+ of \$2\.00$/);
    expect(await page.getByRole('row', { name: /operator/ }).isVisible()).toBe(true);
  });

  it('shows whether objectives are kept, and what the service depends on', async () => {
    await page.getByRole('link', { name: 'Service levels' }).click();
    await page.getByRole('row', { name: /\/v1\/chat\/completions/ }).waitFor();
    expect(await page.getByRole('row', { name: /\/api\/v1\/session/ }).textContent()).toMatch(
      /Kept.*0 %of 1 %.*100 %$/,
    );
    expect(await page.getByRole('listitem').filter({ hasText: 'postgres' }).textContent()).toContain('up');
    const asked = page.waitForRequest((request) => request.url().endsWith('window=7d'));
    await page.getByRole('radio', { name: '7 days' }).check();
    await asked;
    expect(complaints).toEqual([]);
  });

  it('tells a caller who is no administrator why there is nothing to see', async () => {
    await open(TOKENS.alice);
    await page.getByRole('link', { name: 'Providers' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('administrator');
  });
});

describe('everybody', () => {
  it('can use it by the keyboard alone', async () => {
    await open();
    await page.getByLabel('Your question').waitFor();
    await page.locator('.skip').focus();
    const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
    const order: string[] = [];
    for (let at = 0; at < 6; at += 1) {
      order.push(await focused());
      await page.keyboard.press('Tab');
    }
    expect(order).toEqual(['Skip to content', 'Keelson', 'Chat', 'Providers', 'Spend', 'Service levels']);
  });

  it.each(['light', 'dark'] as const)('finds nothing that keeps people out, in the %s theme', async (colorScheme) => {
    await open('wrong', { colorScheme });
    await page.getByRole('alert').waitFor();
    const check = async (where: string) => {
      await page.evaluate(AXE);
      const found = await page.evaluate<{
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      }>('axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] })');
      const told = found.violations.map(({ id, nodes }) => [where, id, nodes[0]?.html, nodes[0]?.failureSummary]);
      expect(told).toEqual([]);
    };
    await check('sign-in');
    await page.getByLabel('API token').fill(TOKENS.operator);
    await page.keyboard.press('Enter');
    await page.getByLabel('Your question').waitFor();
    whole.model.reply = () => 'Use **this** [1]:\n\n```sh\nhorn\n```';
    await ask('How do I sound the fog horn?');
    await page.getByText('1 source').waitFor();
    await check('chat');
    for (const [link, ready] of [
      ['Providers', 'Closed'],
      ['Spend', 'Remaining'],
      ['Service levels', 'Availability'],
    ] as const) {
      await page.getByRole('link', { name: link }).click();
      await page.getByText(ready, { exact: true }).first().waitFor();
      await check(link);
    }
  });

  it('fits a telephone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const view of ['chat', 'providers', 'spend', 'levels']) {
      await page.goto(`${whole.url}/#${view}`);
      await page.locator('#main h1').waitFor({ state: 'attached' });
      expect([view, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([view, 360]);
    }
  });
});
