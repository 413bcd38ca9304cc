import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { startMcp, type TestMcp } from '../../../support/mcp.ts';
import { eventually } from '../../../support/processes.ts';
import { alice, bob } from '../support/app.ts';
import { type FeatureApp, featureApp, refusal } from '../support/feature-app.ts';
import type { Asked, Reply } from '../support/scripted-model.ts';

let files: TestMcp;
let memory: TestMcp;
let made: FeatureApp;
let written: string[] = [];
let hold: Promise<void> | undefined;

beforeAll(async () => {
  files = await startMcp((server) => {
    server.registerTool(
      'read_file',
      { description: 'Reads a file', inputSchema: { path: z.string() }, annotations: { readOnlyHint: true } },
      async ({ path }) => {
        if (path === 'missing') return { content: [{ type: 'text', text: 'ENOENT' }], isError: true };
        if (path === 'large') return { content: [{ type: 'text', text: 'x'.repeat(50_000) }] };
        await hold;
        return { content: [{ type: 'text', text: `content of ${path}` }] };
      },
    );
    server.registerTool(
      'write_file',
      { description: 'Writes a file', inputSchema: { path: z.string(), text: z.string() } },
      async ({ path }) => {
        written.push(path);
        return { content: [{ type: 'text', text: 'written' }] };
      },
    );
  });
  memory = await startMcp((server) => {
    server.registerTool(
      'read_graph',
      { description: 'Reads what was remembered', annotations: { readOnlyHint: true } },
      async () => ({ content: [{ type: 'text', text: 'nothing' }] }),
    );
  });
  made = await featureApp({
    features: ['agents'],
    answerModel: 'small',
    writers: ['alice'],
    mcp: new Map([
      ['filesystem', files.url],
      ['memory', memory.url],
      ['git', 'http://127.0.0.1:9/mcp'],
    ]),
  });
}, 30_000);
afterAll(async () => {
  await made.stop();
  await Promise.all([files.stop(), memory.stop()]);
});
beforeEach(() => {
  made.model.asked.length = 0;
  written = [];
  hold = undefined;
});

const call = (name: string, args: unknown): Reply => ({ calls: [{ name, args }] });
const last = ({ messages }: Asked) => messages.at(-1);
const run = (body: object, headers = alice) => made.post('/api/v1/agents/run', { task: 'Tell me.', ...body }, headers);

describe('POST /api/v1/agents/run', () => {
  it('plans, uses tools of several servers, and answers', async () => {
    made.model.reply = (asked, at) =>
      [
        call('filesystem__read_file', { path: 'a.md' }),
        call('memory__read_graph', {}),
        `Read: ${last(asked)?.content}`,
      ][at] ?? 'more';
    const answer = await run({});
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        run_id: answer.headers['x-request-id'],
        status: 'completed',
        answer: 'Read: nothing',
        model: 'small',
        provider: 'local',
        steps: [
          {
            step: 1,
            tool: 'filesystem__read_file',
            server: 'filesystem',
            arguments: { path: 'a.md' },
            result: 'content of a.md',
            is_error: false,
            duration_ms: expect.any(Number),
          },
          expect.objectContaining({ step: 2, tool: 'memory__read_graph', result: 'nothing' }),
        ],
        usage: { model_calls: 3, prompt_tokens: 30, completion_tokens: 15, cost_usd: expect.closeTo(180e-6, 9) },
        tools: ['filesystem__read_file', 'filesystem__write_file', 'memory__read_graph'],
        unavailable_servers: [{ server: 'git', reason: expect.stringMatching(/\w/) }],
        error: null,
        duration_ms: expect.any(Number),
      },
    ]);
    expect(made.model.asked[1]?.messages.slice(-2)).toEqual([
      expect.objectContaining({ role: 'assistant', tool_calls: expect.any(Array) }),
      { role: 'tool', tool_call_id: 'call_1_0', content: 'content of a.md' },
    ]);
    // Sessions are this run's own, and over with it.
    await eventually(() => expect([files.sessions(), memory.sessions()]).toEqual([0, 0]));
  });

  it('tells the model what went wrong, and goes on', async () => {
    const wrong = [
      call('filesystem__read_file', { path: 'missing' }),
      call('filesystem__read_file', '{not json'),
      call('filesystem__read_file', { path: 5 }),
      call('nothing__at_all', {}),
    ];
    made.model.reply = (_, at) => wrong[at] ?? 'I gave up.';
    const { status, steps } = (await run({})).json();
    expect(status).toBe('completed');
    expect(steps.map((step: { is_error: boolean }) => step.is_error)).toEqual([true, true, true, true]);
    const told = made.model.asked.slice(1).map((asked) => last(asked)?.content);
    expect(told[0]).toBe('Error: ENOENT');
    expect(told[1]).toContain('no JSON object');
    expect(told[3]).toContain('There is no tool "nothing__at_all"');
  });

  it('cuts a result that is too long, and says so', async () => {
    made.model.reply = (_, at) => (at === 0 ? call('filesystem__read_file', { path: 'large' }) : 'Long.');
    const [step] = (await run({})).json().steps;
    expect(step.result.length).toBeLessThan(17_000);
    expect(step.result).toContain('[cut: 50000 characters]');
  });

  it('stops at the limit of steps; the last turn has no tools, so that the model concludes', async () => {
    made.model.reply = (asked) => (asked.tool_choice === 'none' ? 'As far as I got.' : call('memory__read_graph', {}));
    const answer = (await run({ max_steps: 3 })).json();
    expect(answer).toMatchObject({ status: 'step_limit', answer: 'As far as I got.', usage: { model_calls: 3 } });
    expect(answer.steps).toHaveLength(2);
  });

  it('stops at the limit of cost', async () => {
    made.model.reply = () => call('memory__read_graph', {});
    // A call costs 60 millionths of a dollar here.
    const answer = (await run({ max_cost_usd: 0.0001 })).json();
    expect(answer).toMatchObject({ status: 'cost_limit', usage: { model_calls: 2 } });
  });

  it('stops at the limit of time, also while a tool works', async () => {
    let release = () => {};
    hold = new Promise((resolve) => {
      release = resolve;
    });
    made.model.reply = () => call('filesystem__read_file', { path: 'slow' });
    const answer = (await run({ max_seconds: 1 })).json();
    release();
    expect(answer).toMatchObject({ status: 'time_limit', answer: expect.stringContaining('1 seconds') });
  });

  it('keeps what was done when the model fails later, and fails plainly when it fails at once', async () => {
    made.model.reply = (_, at) => (at === 0 ? call('memory__read_graph', {}) : { status: 400 });
    expect((await run({})).json()).toMatchObject({ status: 'failed', error: expect.any(String), steps: [{ step: 1 }] });
    made.model.reply = () => ({ status: 400 });
    expect((await run({})).statusCode).toBe(400);
  });

  it('gives tools that change something only to who may change something', async () => {
    made.model.reply = (_, at) => (at === 0 ? call('filesystem__write_file', { path: 'x', text: 'y' }) : 'Done.');
    const asBob = (await run({}, bob)).json();
    expect(asBob.tools).not.toContain('filesystem__write_file');
    expect(asBob.steps[0]).toMatchObject({ is_error: true, result: 'There is no tool "filesystem__write_file".' });
    expect(written).toEqual([]);
    made.model.asked.length = 0;
    expect((await run({ read_only: true })).json().tools).toEqual(['filesystem__read_file', 'memory__read_graph']);
    made.model.asked.length = 0;
    await run({});
    expect(written).toEqual(['x']);
  });

  it('uses the servers and tools that were named', async () => {
    made.model.reply = () => 'Nothing to do.';
    const answer = (await run({ servers: ['filesystem'], tools: ['filesystem__read_file'] })).json();
    expect(answer).toMatchObject({ tools: ['filesystem__read_file'], unavailable_servers: [] });
    expect(made.model.asked[0]?.tools?.map((tool) => tool.function.name)).toEqual(['filesystem__read_file']);
  });

  it('streams its steps, then the whole answer', async () => {
    made.model.reply = (_, at) => (at === 0 ? call('memory__read_graph', {}) : 'Done.');
    const answer = await run({ stream: true });
    expect(answer.headers['content-type']).toContain('text/event-stream');
    const events = answer.body
      .trim()
      .split('\n\n')
      .map((event) => event.split('\n'));
    expect(events.map(([name]) => name)).toEqual(['event: step', 'event: done']);
    expect(JSON.parse(events[1]?.[1]?.slice('data: '.length) ?? '')).toMatchObject({
      status: 'completed',
      answer: 'Done.',
    });
  });

  it('counts runs and tools', async () => {
    made.model.reply = (_, at) => (at === 0 ? call('memory__read_graph', {}) : 'Done.');
    await run({});
    const metrics = (await made.get('/metrics')).body;
    expect(metrics).toMatch(/agent_runs_total\{status="completed"\} [1-9]/);
    expect(metrics).toMatch(/agent_tool_calls_total\{server="memory",outcome="ok"\} [1-9]/);
  });

  it.each([
    [{ task: '' }, 400, 'body.task'],
    [{ task: 'a\0' }, 400, 'body.task'],
    [{ servers: ['slack'] }, 400, 'body.servers[0]'],
    [{ max_steps: 51 }, 400, 'body.max_steps'],
    [{ max_cost_usd: -1 }, 400, 'body.max_cost_usd'],
    [{ max_seconds: 0.5 }, 400, 'body.max_seconds'],
    [{ model: 'huge' }, 404, 'body.model'],
  ])('refuses %j', async (body, status, param) => {
    expect(refusal(await run(body))).toMatchObject({ status, param });
  });
});

describe('without a language model', () => {
  it('says so, and which tools would be there', async () => {
    const bare = await featureApp({ features: ['agents'], models: [], mcp: new Map([['memory', memory.url]]) });
    const answer = await bare.post('/api/v1/agents/run', { task: 'Tell me.' });
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      expect.objectContaining({
        status: 'no_model',
        answer: expect.stringMatching(/No language model is configured.*memory__read_graph.*PROVIDERS_FILE/),
        steps: [],
        tools: ['memory__read_graph'],
      }),
    ]);
    await bare.stop();
  });
});
