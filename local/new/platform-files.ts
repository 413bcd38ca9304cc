import { exitCodes, Failure } from '../failure.ts';

/** A file that is made. */
export interface NewFile {
  readonly file: string;
  readonly text: string;
}

/** A change of a file that exists. Pure: text to text. */
export interface FileEdit {
  readonly file: string;
  readonly apply: (text: string) => string;
}

/** `my-platform` gives `myPlatform`. */
export function identifierOf(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** @throws Failure for a name that no namespace can have, or that is taken. */
export function checkName(name: string, taken: readonly string[]): void {
  const fail = (value: string, cure: string): never => {
    throw new Failure({ path: name || 'platform', value, cure, exitCode: exitCodes.usage });
  };
  // With the suffixes of what belongs to it, it has to stay within the 63 characters of a namespace.
  if (!/^[a-z]([a-z0-9]|-(?=[a-z0-9])){1,39}$/.test(name)) {
    fail(
      'it cannot be the name of a platform',
      'Use 2 to 40 lower-case letters, digits and single hyphens, beginning with a letter',
    );
  }
  if (taken.includes(name)) fail('there is a platform of that name', `Use another name than ${taken.join(', ')}`);
  if (['index', 'platform', 'watches', 'footprints', 'observers'].includes(name) || /^(kube|default$)/.test(name)) {
    fail('the name has a meaning of its own', 'Use another one');
  }
}

/** What a new platform consists of: its data, its page, its test. */
export function newFiles(name: string): readonly NewFile[] {
  return [
    { file: `stacks/platforms/${name}.ts`, text: dataOf(name) },
    { file: `docs/platforms/${name}.md`, text: pageOf(name) },
    { file: `test/stacks/platforms/${name}.test.ts`, text: testOf(name) },
  ];
}

/** Where a new platform is registered. */
export function edits(name: string): readonly FileEdit[] {
  const variable = identifierOf(name);
  const key = variable === name ? `  ${name},` : `  '${name}': ${variable},`;
  return [
    {
      file: 'stacks/platforms/index.ts',
      apply: (text) => {
        const imported = insertBefore(
          text,
          "import type { Platform } from './platform.ts';",
          `import { ${variable} } from './${name}.ts';\n`,
        );
        const named = insertBefore(imported, ';', ` | '${name}'`, imported.indexOf('export type PlatformName'));
        return insertBefore(named, '};', `${key}\n`, named.indexOf('export const platforms'));
      },
    },
    {
      file: 'docs/index.md',
      apply: (text) =>
        insertBefore(text, '\n## Operations', `| [${name}](platforms/${name}.md) | a platform of your own |\n`),
    },
    {
      file: '.github/workflows/preview.yml',
      apply: (text) =>
        insertBefore(text, '    name: $', `          - ${name}.local\n`, text.indexOf('        stack:\n')),
    },
  ];
}

/** @throws Error where the text is not what it was when this was written */
function insertBefore(text: string, anchor: string, inserted: string, from = 0): string {
  const at = from < 0 ? -1 : text.indexOf(anchor, from);
  if (at < 0) throw new Error(`"${anchor.trim()}" is not where it should be`);
  return `${text.slice(0, at)}${inserted}${text.slice(at)}`;
}

function dataOf(name: string): string {
  return `import { alerts, api, cache, encoder, metrics } from './footprints.ts';
import type { Platform } from './platform.ts';

/** Compares texts by their meaning: a beginning, to be changed into what you need. */
export const ${identifierOf(name)}: Platform = {
  name: '${name}',
  description: 'compares texts by their meaning',
  namespaces: [
    {
      name: '${name}',
      components: [
        {
          kind: 'orchestrator',
          name: 'api',
          features: ['similarity'],
          embedding: { model: 'all-minilm-l6-v2', collection: 'none' },
          tokens: { cli: 'apiToken' },
          footprint: api,
        },
        {
          kind: 'redis',
          name: 'redis',
          eviction: 'allkeys-lru',
          persistence: 'none',
          password: 'redisPassword',
          footprint: cache,
        },
        {
          kind: 'model-server',
          name: 'inference',
          runtime: { kind: 'inference', maxQueue: 256 },
          models: [{ model: 'all-minilm-l6-v2', from: 'image' }],
          footprint: encoder,
        },
        {
          kind: 'prometheus',
          name: 'prometheus',
          promises: [{ component: 'api', errorRatio: 0.05, p95Seconds: 1, dependencies: ['redis', 'inference'] }],
          footprint: metrics,
        },
        { kind: 'alertmanager', name: 'alertmanager', footprint: alerts },
      ],
    },
  ],
  connections: [
    { from: 'api', to: 'redis', port: 'redis' },
    { from: 'api', to: 'inference', port: 'http' },
  ],
  replaceable: [],
  entries: [
    { component: 'api', port: 8000, what: 'API; /docs describes it' },
    { component: 'prometheus', port: 9090, what: 'metrics and alerts' },
    { component: 'alertmanager', port: 9093, what: 'alerts that fire, and silences' },
  ],
  checks: [
    { what: 'the API is ready', component: 'api', path: '/health/ready' },
    {
      what: 'two texts are compared',
      component: 'api',
      method: 'POST',
      path: '/v1/similarity',
      body: { text1: 'a mill by the sea', text2: 'a watermill on the coast', method: 'cosine' },
      has: 'cosine',
    },
  ],
  secrets: ['redisPassword', 'apiToken'],
};
`;
}

function pageOf(name: string): string {
  const part = (marker: string): string => `<!-- generated: ${marker} -->\n<!-- end -->\n`;
  return `# ${name}

A platform of your own, declared in \`stacks/platforms/${name}.ts\`. \`npm start -- ${name}\` runs it on your machine. The tables are made from
that data, and a test compares them with it: \`UPDATE_DOCS=1 jest test/docs/platforms.test.ts\` writes them anew.

## Components

${part('components')}
## Connections

Nothing else passes: the namespace denies traffic in both directions, but for DNS. See [Connections](../constructs/connections.md).

${part('connections')}
## What stands in for what

${part('replacements')}
## Sizes

${part('sizes')}
## Environments

${part('environments')}`;
}

function testOf(name: string): string {
  return `import { describe, expect, it } from '@jest/globals';
import { platforms } from '../../../stacks/platforms/index.ts';

describe('${name}', () => {
  const platform = platforms['${name}'];

  it('keeps its namespace, which data and addresses depend on', () => {
    expect(platform.namespaces.map(({ name }) => name)).toEqual(['${name}']);
  });

  it('lets the API reach what it needs, and nothing else', () => {
    expect(platform.connections.map(({ from, to }) => \`\${from} -> \${to}\`)).toEqual(['api -> redis', 'api -> inference']);
  });
});
`;
}
