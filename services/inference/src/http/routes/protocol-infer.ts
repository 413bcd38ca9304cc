import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { RowOutputs } from '../../engine/row.ts';
import { ApiError } from '../../errors/api-error.ts';
import { TOKEN_EMBEDDINGS } from '../../import/bert.ts';
import { compute } from '../../models/compute.ts';
import { describeOutputs } from '../../models/interface.ts';
import type { Model } from '../../models/model.ts';
import type { Context } from '../context.ts';
import { readInputs } from '../infer-inputs.ts';
import { checkCount } from '../inputs.ts';
import { numbers, sendJson } from '../json-stream.ts';
import { requestSignal } from '../request-signal.ts';
import { ModelParams, ProtocolErrorBody } from '../schemas.ts';
import { RequestTensor } from '../tensors.ts';

/** Most numbers of an answer: about 40 MB of JSON. */
const MOST_NUMBERS = 2_000_000;

const Parameters = Type.Object({}, { additionalProperties: true });

const Body = Type.Object({
  id: Type.Optional(Type.String({ description: 'a text that comes back in the answer' })),
  parameters: Type.Optional(Parameters),
  inputs: Type.Array(RequestTensor, { minItems: 1, description: 'a list of tensors' }),
  outputs: Type.Optional(
    Type.Array(Type.Object({ name: Type.String(), parameters: Type.Optional(Parameters) }), {
      description: 'a list of the outputs that are wanted; all of them without it',
    }),
  ),
});

const Answer = Type.Object({
  model_name: Type.String(),
  model_version: Type.String(),
  id: Type.Optional(Type.String()),
  outputs: Type.Array(
    Type.Object({
      name: Type.String(),
      shape: Type.Array(Type.Integer()),
      datatype: Type.String(),
      data: Type.Array(Type.Number()),
    }),
  ),
});

/** Inference in the Open Inference Protocol, with tensors in JSON. */
export const protocolInferRoutes: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { registry, scheduler, requestTimeoutSeconds } = context;
  const schema = {
    tags: ['open inference protocol'],
    summary: 'Computes the outputs of a model',
    params: ModelParams,
    body: Body,
    response: { 200: Answer, '4xx': ProtocolErrorBody, '5xx': ProtocolErrorBody },
  };
  for (const path of ['/v2/models/:model/infer', '/v2/models/:model/versions/:version/infer']) {
    app.post(path, { schema }, async (request, reply) => {
      const { params, body } = request;
      const model = registry.resolve(params.model, params.version);
      const wanted = wantedOutputs(model, body.outputs);
      const inputs = readInputs(model, body.inputs, wanted.includes(TOKEN_EMBEDDINGS));
      checkCount(inputs.length, 'inputs[0]');
      const signal = requestSignal(reply, requestTimeoutSeconds);
      const { results, tokens } = await compute(scheduler, model, inputs, wanted, signal);
      request.work = { model: model.name, inputs: inputs.length, tokens };
      const outputs = wanted.map((name) => joinRows(name, results));
      const size = outputs.reduce((sum, { shape }) => sum + volume(shape), 0);
      if (size > MOST_NUMBERS) throw tooLarge(size);
      return sendJson(reply, answer(model, body.id, outputs), size);
    });
  }
};

function wantedOutputs(model: Model, requested: readonly { name: string }[] | undefined): string[] {
  const known = describeOutputs(model).map(({ name }) => name);
  if (requested === undefined || requested.length === 0) return known;
  return requested.map(({ name }, index) => {
    if (known.includes(name)) return name;
    const path = `outputs[${index}].name`;
    throw new ApiError('invalid_request', `${path} is not an output of "${model.name}"`, {
      path,
      cure: `Ask for ${known.join(' or ')}.`,
    });
  });
}

interface JoinedOutput {
  readonly name: string;
  readonly shape: readonly number[];
  /** The numbers of each row, without padding. */
  readonly rows: readonly Float32Array[];
}

/** Rows of several lengths become one tensor as long as the longest; behind the shorter ones come zeros. */
function joinRows(name: string, results: readonly RowOutputs[]): JoinedOutput {
  const rows = results.flatMap((result) => result[name] ?? []);
  const [first] = rows;
  const [, ...inner] = first?.dims ?? [];
  const longest = Math.max(...rows.map(({ dims: [size = 0] }) => size));
  return { name, shape: [rows.length, longest, ...inner], rows: rows.map(({ data }) => data) };
}

function* answer(model: Model, id: string | undefined, outputs: readonly JoinedOutput[]): Generator<string> {
  const head = { model_name: model.name, model_version: model.version, ...(id !== undefined && { id }) };
  yield `${JSON.stringify(head).slice(0, -1)},"outputs":[`;
  for (const [index, { name, shape, rows }] of outputs.entries()) {
    yield `${index === 0 ? '' : ','}{"name":${JSON.stringify(name)},"datatype":"FP32","shape":${JSON.stringify(shape)},"data":[`;
    const [, ...perRow] = shape;
    const width = volume(perRow);
    for (const [row, data] of rows.entries()) {
      yield `${row === 0 ? '' : ','}${numbers(data)}${',0'.repeat(width - data.length)}`;
    }
    yield ']}';
  }
  yield ']}';
}

function volume(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function tooLarge(size: number): ApiError {
  return new ApiError('invalid_request', `the answer would have ${size} numbers, more than ${MOST_NUMBERS}`, {
    path: 'outputs',
    cure: 'Send fewer inputs in one request, or ask for outputs without a row for every token.',
  });
}
