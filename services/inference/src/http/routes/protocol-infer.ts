import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import { volume } from '../../engine/tensor.ts';
import type { Model } from '../../models/model.ts';
import { turns } from '../../models/turns.ts';
import { toBytes } from '../../protocol/datatypes.ts';
import { infer, type OutputTensor, tooLarge } from '../../protocol/infer.ts';
import { binaryParser, requestTensors } from '../binary-body.ts';
import type { Context } from '../context.ts';
import { sendJson, values } from '../json-stream.ts';
import { allowedSeconds, requestSignal } from '../request-signal.ts';
import { ModelParams, ProtocolErrorBody } from '../schemas.ts';

/** Most numbers of an answer in JSON: about 40 MB. */
const MOST_NUMBERS = 2_000_000;
const HEADER_LENGTH = 'inference-header-content-length';

const Parameters = Type.Object({}, { additionalProperties: true });

const RequestTensor = Type.Object({
  name: Type.String({ description: 'the name of an input' }),
  shape: Type.Array(Type.Integer({ minimum: 0 }), { description: 'a list of sizes' }),
  datatype: Type.String({ description: 'a datatype such as BYTES or INT64' }),
  parameters: Type.Optional(Parameters),
  data: Type.Optional(Type.Array(Type.Unknown(), { description: 'a list of values, flat or nested as the shape is' })),
});

export const InferBody = Type.Object({
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
      parameters: Type.Optional(Type.Object({ binary_data_size: Type.Optional(Type.Integer()) })),
      data: Type.Optional(Type.Array(Type.Unknown())),
    }),
  ),
});

/** Inference in the Open Inference Protocol, with tensors in JSON or behind it in binary form. */
export const protocolInferRoutes: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { registry, requestTimeoutSeconds } = context;
  binaryParser(app, context.maxBodyBytes);
  const schema = {
    tags: ['open inference protocol'],
    summary: 'Computes the outputs of a model',
    params: ModelParams,
    body: InferBody,
    response: { '4xx': ProtocolErrorBody, '5xx': ProtocolErrorBody },
  };
  // Described by hand: the answer is written in pieces, past the serialiser.
  const described = { ...schema, response: { 200: Answer, ...schema.response } };
  for (const path of ['/v2/models/:model/infer', '/v2/models/:model/versions/:version/infer']) {
    app.post(path, { schema: described }, async (request, reply) => {
      const { params, body } = request;
      const { parameters: { timeout } = {} } = body as { parameters?: { timeout?: unknown } };
      const signal = requestSignal(reply, allowedSeconds(timeout, requestTimeoutSeconds));
      const { model, outputs } = await registry.use(params.model, params.version, async (used) => {
        const inputs = requestTensors(body, request.binary);
        const wanted = body.outputs?.map(({ name }) => name);
        const answer = await infer(context, used, { inputs, signal, ...(wanted && { outputs: wanted }) });
        request.work = answer.work;
        return { model: used, outputs: answer.outputs };
      });
      void reply.header('x-model-version', model.version);
      if (turns.busy) await turns.next();
      return send(reply, model, body, outputs);
    });
  }
};

type Body = Static<typeof InferBody>;

/** Each output as the request wants it: binary where it says so for the output, or for all of them. */
function send(reply: FastifyReply, model: Model, body: Body, outputs: readonly OutputTensor[]): FastifyReply {
  const all = flag(body.parameters, 'binary_data_output') ?? false;
  const isBinary = ({ name }: OutputTensor): boolean =>
    flag(body.outputs?.find((wanted) => wanted.name === name)?.parameters, 'binary_data') ?? all;
  const inJson = outputs.filter((output) => !isBinary(output));
  const size = inJson.reduce((sum, { tensor }) => sum + volume(tensor.dims), 0);
  if (size > MOST_NUMBERS) throw tooLarge(size, MOST_NUMBERS);
  const binary = new Map(outputs.filter(isBinary).map((output) => [output, toBytes(output.tensor)]));
  const parts = answer(model, body.id, outputs, binary);
  if (binary.size === 0) return sendJson(reply, parts, size);
  const json = Buffer.from(Array.from(parts).join(''));
  return reply
    .header(HEADER_LENGTH, String(json.byteLength))
    .type('application/octet-stream')
    .send(Buffer.concat([json, ...binary.values()]));
}

function* answer(
  { name: modelName, version }: Model,
  id: string | undefined,
  outputs: readonly OutputTensor[],
  binary: ReadonlyMap<OutputTensor, Buffer>,
): Generator<string> {
  const head = { model_name: modelName, model_version: version, ...(id !== undefined && { id }) };
  yield `${JSON.stringify(head).slice(0, -1)},"outputs":[`;
  for (const [index, output] of outputs.entries()) {
    const { name, datatype, tensor } = output;
    const bytes = binary.get(output);
    const description = {
      name,
      datatype,
      shape: tensor.dims,
      ...(bytes && { parameters: { binary_data_size: bytes.byteLength } }),
    };
    yield `${index === 0 ? '' : ','}${JSON.stringify(description).slice(0, -1)}`;
    if (bytes === undefined) {
      yield ',"data":[';
      yield* values(tensor);
      yield ']';
    }
    yield '}';
  }
  yield ']}';
}

/** A parameter that is true or false; undefined when it is not there. */
function flag(parameters: object | undefined, key: string): boolean | undefined {
  const value = new Map<string, unknown>(Object.entries(parameters ?? {})).get(key);
  return typeof value === 'boolean' ? value : undefined;
}
