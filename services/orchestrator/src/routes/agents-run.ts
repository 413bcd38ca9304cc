import { type Static, Type } from '@sinclair/typebox';
import type { FastifyRequest } from 'fastify';
import { type AgentResult, type AgentStep, type PlannerDeps, runAgent } from '../agents/planner.ts';
import { AppError } from '../errors/app-error.ts';
import { refuseUnstorable } from '../http/body.ts';
import { clientSignal } from '../http/client-signal.ts';
import { event, sendEvents } from '../http/event-stream.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';

const Body = Type.Object(
  {
    task: Type.String({ minLength: 1, maxLength: 16_000, pattern: '\\S', description: 'What to do, in plain words' }),
    model: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'Default: the one that words answers, else the first' }),
    ),
    servers: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
        maxItems: 16,
        uniqueItems: true,
        description: 'MCP servers, such as filesystem. Default: all',
      }),
    ),
    tools: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
        maxItems: 256,
        uniqueItems: true,
        description: 'Tools that may be used, such as git__git_log. Default: all',
      }),
    ),
    read_only: Type.Optional(
      Type.Boolean({ default: false, description: 'Leave out tools that may change something' }),
    ),
    max_steps: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 10, description: 'Turns of the model' })),
    max_cost_usd: Type.Optional(Type.Number({ minimum: 0, maximum: 100, default: 1 })),
    max_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 600, default: 120 })),
    private: Type.Optional(Type.Boolean({ default: false, description: 'Only models of tier 0' })),
    stream: Type.Optional(Type.Boolean({ default: false })),
  },
  { additionalProperties: false },
);

const Step = Type.Object({
  step: Type.Integer(),
  tool: Type.String(),
  server: Type.Union([Type.String(), Type.Null()]),
  arguments: Type.Unknown(),
  result: Type.String(),
  is_error: Type.Boolean(),
  duration_ms: Type.Number(),
});

const Answer = Type.Object({
  run_id: Type.String(),
  status: Type.Union(
    ['completed', 'step_limit', 'cost_limit', 'time_limit', 'failed', 'no_model'].map((status) => Type.Literal(status)),
    { description: 'no_model: no language model is configured, so nobody planned' },
  ),
  answer: Type.String(),
  model: Type.Union([Type.String(), Type.Null()]),
  provider: Type.Union([Type.String(), Type.Null()]),
  steps: Type.Array(Step),
  usage: Type.Object({
    model_calls: Type.Integer(),
    prompt_tokens: Type.Integer(),
    completion_tokens: Type.Integer(),
    cost_usd: Type.Number(),
  }),
  tools: Type.Array(Type.String(), { description: 'That could have been used' }),
  unavailable_servers: Type.Array(Type.Object({ server: Type.String(), reason: Type.String() })),
  error: Type.Union([Type.String(), Type.Null()]),
  duration_ms: Type.Number(),
});

export interface AgentRouteDeps extends PlannerDeps {
  /** Names of the configured MCP servers. */
  readonly servers: readonly string[];
  readonly onRun: (status: string) => void;
  readonly onTool: (server: string, outcome: 'ok' | 'error') => void;
  /** Whether a caller may use tools that change something. */
  readonly mayChange: (request: Pick<FastifyRequest, 'caller' | 'identity'>) => boolean;
}

/** POST /api/v1/agents/run */
export function agentsRun(app: App, deps: AgentRouteDeps): void {
  app.post(
    '/api/v1/agents/run',
    {
      schema: {
        tags: ['agents'],
        summary: 'Have a language model do a task with the tools of the MCP servers',
        description:
          'It ends with an answer, or at the limit of steps, cost or time. With `stream`, server-sent events: `step` for each use of a tool, then `done` with the whole answer; a failure ends the stream with `error` instead.',
        produces: ['application/json', 'text/event-stream'],
        body: Body,
        response: { 200: Answer, ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      const { body } = request;
      refuseUnstorable(body);
      checkServers(body.servers, deps.servers);
      const signal = clientSignal(reply);
      const started = performance.now();
      const run = async (onStep?: (step: AgentStep) => void) => {
        const result = await runAgent(
          deps,
          {
            runId: request.id,
            task: body.task,
            model: body.model,
            servers: body.servers,
            tools: body.tools,
            readOnly: (body.read_only ?? false) || !deps.mayChange(request),
            maxSteps: body.max_steps ?? 10,
            maxCostUsd: body.max_cost_usd ?? 1,
            maxSeconds: body.max_seconds ?? 120,
            private: body.private ?? false,
            caller: request.caller,
          },
          signal,
          (step) => {
            deps.onTool(step.server ?? 'unknown', step.isError ? 'error' : 'ok');
            onStep?.(step);
          },
        );
        deps.onRun(result.status);
        return view(request.id, result, performance.now() - started);
      };
      if (body.stream !== true) return reply.send(await run());
      return sendEvents(request, reply, eventsOf(run), signal);
    },
  );
}

/** The steps while they come, then the answer. */
async function* eventsOf(
  run: (onStep: (step: AgentStep) => void) => Promise<Static<typeof Answer>>,
): AsyncGenerator<string> {
  const steps: AgentStep[] = [];
  let wake: () => void = () => undefined;
  let over = false;
  const done = run((step) => {
    steps.push(step);
    wake();
  }).finally(() => {
    over = true;
    wake();
  });
  // Awaited below; until then, its failure is nobody's.
  done.catch(() => undefined);
  for (;;) {
    for (let step = steps.shift(); step; step = steps.shift()) yield event(JSON.stringify(stepView(step)), 'step');
    if (over) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  yield event(JSON.stringify(await done), 'done');
}

function checkServers(asked: readonly string[] | undefined, known: readonly string[]): void {
  const unknown = (asked ?? []).map((name, at) => ({ name, at })).filter(({ name }) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new AppError('invalid_request', {
    details: unknown.map(({ name, at }) => ({
      path: `body.servers[${at}]`,
      problem: `"${name}" is no configured MCP server`,
      cure:
        known.length === 0
          ? 'An operator has to set MCP_<NAME>_URL.'
          : `Use some of ${known.join(', ')}, or leave it out.`,
    })),
  });
}

function stepView(step: AgentStep): Static<typeof Step> {
  return {
    step: step.step,
    tool: step.tool,
    server: step.server ?? null,
    arguments: step.arguments,
    result: step.result,
    is_error: step.isError,
    duration_ms: step.durationMs,
  };
}

function view(runId: string, result: AgentResult, durationMs: number): Static<typeof Answer> {
  return {
    run_id: runId,
    status: result.status,
    answer: result.answer,
    model: result.model ?? null,
    provider: result.provider ?? null,
    steps: result.steps.map(stepView),
    usage: {
      model_calls: result.modelCalls,
      prompt_tokens: result.promptTokens,
      completion_tokens: result.completionTokens,
      cost_usd: result.costUsd,
    },
    tools: [...result.tools],
    unavailable_servers: result.unavailable.map((one) => ({ ...one })),
    error: result.error ?? null,
    duration_ms: Math.round(durationMs * 10) / 10,
  };
}
