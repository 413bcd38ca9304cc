import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Images, type ModelSource } from '../../constructs/index.ts';
import { checkSource, type DownloadContext, downloadContainer } from '../../constructs/model-download.ts';
import { problem } from '../../constructs/problem.ts';
import { small } from '../support/manifests.ts';
import { removeScratch, scratch } from '../support/processes.ts';

const context: DownloadContext = { images: new Images(), runtime: 'vllm', resources: small, secrets: new Map() };
const at = { cidr: '0.0.0.0/0' };
const hub: Extract<ModelSource, { kind: 'hub' }> = {
  kind: 'hub',
  repository: 'BAAI/bge-m3',
  revision: 'a'.repeat(40),
  at,
};

describe('weights', () => {
  it('of the hub are fetched by the tool that finds them, or file by file', () => {
    expect(downloadContainer({ name: 'bge-m3', source: hub }, context)?.command).toEqual([
      'hf',
      'download',
      'BAAI/bge-m3',
      `--revision=${'a'.repeat(40)}`,
      '--local-dir=/cache/bge-m3',
    ]);
    const files = ['config.json', 'onnx/model.onnx'];
    const byFile = downloadContainer({ name: 'bge-m3', source: { ...hub, files } }, context);
    expect(byFile?.command.slice(3)).toEqual(['fetch', 'BAAI/bge-m3', 'a'.repeat(40), '/cache/bge-m3', ...files]);
  });

  it('that are there already are not fetched again', async () => {
    const command =
      downloadContainer({ name: 'm', source: { ...hub, files: ['config.json'] } }, context)?.command ?? [];
    const [shell = '', ...args] = command;
    expect(() => execFileSync('sh', ['-n'], { input: args[1] })).not.toThrow();
    const here = scratch('download');
    try {
      const folder = join(here, 'm');
      mkdirSync(folder);
      // A curl that writes down what it was asked for.
      const tools = join(here, 'bin');
      mkdirSync(tools);
      writeFileSync(join(tools, 'curl'), `#!/bin/sh\necho "$@" >> ${here}/asked\n`, { mode: 0o755 });
      const run = () =>
        promisify(execFile)(
          shell,
          args.map((arg) => (arg === '/cache/m' ? folder : arg)),
          {
            env: { PATH: `${tools}:${process.env.PATH ?? ''}` },
          },
        );
      await run();
      await run();
      const asked = readFileSync(join(here, 'asked'), 'utf8').trim().split('\n');
      expect(asked).toHaveLength(1);
      expect(asked[0]).toContain(`https://huggingface.co/BAAI/bge-m3/resolve/${'a'.repeat(40)}/config.json`);
      expect(asked[0]).not.toContain('Authorization');
    } finally {
      removeScratch(here);
    }
  });

  it('of Ollama lie in its own store', () => {
    const source: ModelSource = { kind: 'ollama', model: 'llama3.2:3b', at };
    const container = downloadContainer({ name: 'llama3.2', source }, { ...context, runtime: 'ollama' });
    expect(container?.name).toBe('model-llama3-2');
    expect(container?.env).toMatchObject({ OLLAMA_MODELS: '/cache' });
    expect(container?.command.slice(-2)).toEqual(['pull', 'llama3.2:3b']);
  });

  it('on a claim need no container', () => {
    expect(downloadContainer({ name: 'm', source: { kind: 'claim', claim: 'weights' } }, context)).toBeUndefined();
  });

  it.each<[ModelSource, 'vllm' | 'tei' | 'ollama', RegExp]>([
    [{ ...hub, repository: 'bge' }, 'vllm', /repository is "bge": write it as/],
    [hub, 'tei', /files is null: name the files of "m" that tei needs/],
    [{ ...hub, files: ['../secret'] }, 'tei', /files is "\.\.\/secret": use letters/],
    [hub, 'ollama', /kind is "hub": ollama takes models from its own library/],
    [{ kind: 'ollama', model: 'llama3.2', at }, 'ollama', /model is "llama3\.2": name the tag as well/],
  ])('%j is refused for %s', (source, runtime, message) => {
    expect(checkSource({ name: 'm', source }, runtime, 'models[0]').map(problem).join('\n')).toMatch(message);
  });
});
