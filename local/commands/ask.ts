import { type Command, InvalidArgumentError } from 'commander';
import { call, findApi } from '../api.ts';
import { exitCodes, Failure } from '../failure.ts';
import { resolvePaths } from '../paths.ts';
import { type CommandModule, examples } from './command.ts';

interface AskOptions {
  readonly json?: boolean;
  readonly limit?: number;
  readonly url?: string;
}

interface Citation {
  readonly source: string | null;
  readonly document: string;
  readonly heading: string | null;
  readonly score: number;
}

/** What the orchestrator answers to a query. */
export interface Answer {
  readonly answer: string;
  readonly mode: 'extractive' | 'generated' | 'none';
  readonly grounded: boolean;
  readonly citations: readonly Citation[];
}

/** The most passages that the orchestrator takes an answer from. */
const maximum = 50;

export function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= maximum) return limit;
  throw new InvalidArgumentError(`Use a whole number from 1 to ${maximum}.`);
}

function sourceLine({ source, document, heading, score }: Citation, index: number): string {
  const section = heading === null || heading === '' ? '' : `, section "${heading}"`;
  return `  [${index + 1}] ${source || document}${section} (score ${score.toFixed(2)})`;
}

/** The answer as a person reads it. */
export function formatAnswer({ answer, grounded, citations, mode }: Answer): string {
  if (!grounded) return answer;
  const how = mode === 'extractive' ? 'Sources (the answer is quoted from them):' : 'Sources:';
  return [answer, '', how, ...citations.map(sourceLine)].join('\n');
}

export const command: CommandModule<AskOptions> = {
  name: 'ask',
  summary: 'ask a question and get an answer with its sources',
  configure(command: Command) {
    command
      .argument('<question>', 'the question, in quotation marks')
      .option('--limit <number>', 'number of passages that the answer may come from', parseLimit)
      .option('--json', 'print the answer as JSON, for programs')
      .option(
        '--url <address>',
        'ask another orchestrator than the local one; its token is read from KEELSON_API_TOKEN',
      )
      .addHelpText(
        'after',
        examples(
          'npm run ask -- "How do I roll back to a specific backup?"',
          'npm run --silent ask -- --json "Which port has Redis?"',
        ),
      );
  },
  async run([question = ''], { json, limit, url }) {
    if (question.trim() === '') {
      throw new Failure({
        path: '<question>',
        value: 'it is empty',
        cure: 'Write it in quotation marks: npm run ask -- "How do I scale the API?"',
        exitCode: exitCodes.usage,
      });
    }
    const api = findApi(resolvePaths(), url);
    // The orchestrator's contract, which its own tests hold to.
    const answer = (await call(api, 'POST', '/api/v1/query', {
      query: question,
      ...(limit === undefined ? {} : { limit }),
    })) as Answer;
    process.stdout.write(`${json === true ? JSON.stringify(answer, undefined, 2) : formatAnswer(answer)}\n`);
  },
};
