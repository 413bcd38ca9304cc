import type { Command } from 'commander';
import { type Api, describeError, findApi, send } from '../api.ts';
import { exitCodes, Failure } from '../failure.ts';
import { resolvePaths } from '../paths.ts';
import { type CommandModule, examples } from './command.ts';

interface IngestOptions {
  readonly url?: string;
}

/** How the ingestion of one file ended. */
interface Outcome {
  readonly ok: boolean;
  readonly text: string;
  readonly unchanged?: boolean;
  readonly passages?: number;
}

async function ingestFile(api: Api, file: { id: string; path: string }): Promise<Outcome> {
  const { readDocument } = await import('../documents.ts');
  const document = await readDocument(file.path);
  if ('problem' in document) return { ok: false, text: document.problem };
  const answer = await send(api, 'POST', '/api/v1/documents', { id: file.id, source: file.path, text: document.text });
  if (answer.status === 401 || answer.status === 403) {
    throw new Failure({ path: api.url.origin, ...describeError(answer), exitCode: exitCodes.failed });
  }
  if (answer.status < 200 || answer.status >= 300) {
    const { value, cure } = describeError(answer);
    return { ok: false, text: `${value}. ${cure}` };
  }
  // The orchestrator's contract, which its own tests hold to.
  const { passages, unchanged } = answer.body as { passages: number; unchanged: boolean };
  return { ok: true, unchanged, passages, text: unchanged ? 'unchanged' : counted(passages) };
}

const counted = (passages: number): string => `${passages} ${passages === 1 ? 'passage' : 'passages'}`;

export const command: CommandModule<IngestOptions> = {
  name: 'ingest',
  summary: 'store the .md and .txt files of a folder, so that questions are answered from them',
  configure(command: Command) {
    command
      .argument('<folder>', 'folder with the documents; hidden folders and node_modules in it are left out')
      .option('--url <address>', 'another orchestrator than the local one; its token is read from KEELSON_API_TOKEN')
      .addHelpText('after', examples('npm run ingest -- docs', 'npm run ingest -- ~/notes'));
  },
  async run([folder = ''], { url }) {
    const { findDocuments } = await import('../documents.ts');
    const { files, problems } = await findDocuments(folder);
    const api = findApi(resolvePaths(), url);
    let stored = 0;
    let unchanged = 0;
    let passages = 0;
    let failed = problems.length;
    for (const problem of problems) process.stderr.write(`✗ ${problem}\n`);
    for (const [index, file] of files.entries()) {
      const outcome = await ingestFile(api, file);
      const count = `[${index + 1}/${files.length}]`;
      if (outcome.ok) process.stdout.write(`✓ ${count} ${file.id}: ${outcome.text}\n`);
      else process.stderr.write(`✗ ${count} ${file.id}: ${outcome.text}\n`);
      if (!outcome.ok) failed += 1;
      else if (outcome.unchanged === true) unchanged += 1;
      else stored += 1;
      if (outcome.unchanged !== true) passages += outcome.passages ?? 0;
    }
    process.stdout.write(`${stored} stored (${counted(passages)}), ${unchanged} unchanged, ${failed} failed\n`);
    return failed > 0 ? exitCodes.failed : undefined;
  },
};
