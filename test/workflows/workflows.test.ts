import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: { readonly group: string };
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly 'timeout-minutes'?: number;
        readonly steps: readonly Step[];
        readonly strategy?: { readonly matrix: { readonly stack: readonly string[] } };
      }
    >
  >;
}

function read(name: string): { readonly text: string; readonly workflow: Workflow } {
  const text = readFileSync(new URL(`../../.github/workflows/${name}.yml`, import.meta.url), 'utf8');
  return { text, workflow: parse(text) };
}

function commandsOf({ jobs }: Workflow): string {
  return Object.values(jobs)
    .flatMap(({ steps }) => steps.map(({ run }) => run ?? ''))
    .join('\n');
}

describe.each(['ci', 'preview'])('%s.yml', (name) => {
  const { text, workflow } = read(name);

  it('pins actions by commit, and says which version that is', () => {
    const uses = text.split('\n').filter((line) => line.includes('uses:'));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('may only read, holds no secret, and never runs the code of a fork with rights', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(Object.values(workflow.jobs).filter((job) => 'permissions' in job)).toEqual([]);
    expect(text).not.toContain('secrets.');
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target');
  });

  it('puts nothing that a pull request chooses into a shell command', () => {
    expect(commandsOf(workflow)).not.toContain('${{');
  });

  it('ends by itself, and gives way to a newer run', () => {
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
    expect(workflow.concurrency.group).toMatch(/\$\{\{/);
  });
});

describe('the commands', () => {
  it('are those that a person runs', () => {
    expect(commandsOf(read('ci').workflow)).toContain('npm test');
    expect(commandsOf(read('preview').workflow)).toContain('npm run preview -- --stack "$STACK"');
  });

  it('fail when the preview fails, although its output goes through a pipe', () => {
    const piped = Object.values(read('preview').workflow.jobs).flatMap(({ steps }) =>
      steps.filter(({ run }) => run?.includes('| tee')),
    );
    expect(piped.map(({ shell }) => shell)).toEqual(['bash']);
  });

  it('preview stacks that exist', () => {
    for (const { strategy } of Object.values(read('preview').workflow.jobs)) {
      for (const stack of strategy?.matrix.stack ?? []) {
        const [platform = '', environment = ''] = stack.split('.');
        expect(Object.keys(platforms)).toContain(platform);
        expect(Object.keys(environments)).toContain(environment);
      }
      expect(strategy?.matrix.stack).toContain('multi-agent-rag.local');
    }
  });
});
