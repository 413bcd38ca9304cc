import { Type } from '@sinclair/typebox';

/** Every answer that is not a success. The shape is the one that OpenAI's clients read, with path and cure added. */
export const ErrorSchema = Type.Object(
  {
    error: Type.Object({
      message: Type.String(),
      type: Type.String(),
      code: Type.String({ description: 'A code of the error catalogue' }),
      param: Type.Union([Type.String(), Type.Null()], { description: 'The path of the first wrong field' }),
      status: Type.Integer(),
      cure: Type.String(),
      details: Type.Optional(
        Type.Array(Type.Object({ path: Type.String(), problem: Type.String(), cure: Type.String() })),
      ),
      request_id: Type.Optional(Type.String()),
    }),
  },
  { description: 'An error of the catalogue' },
);

/** The errors that any route with a body and a token may answer. */
export const COMMON_ERRORS = { '4xx': ErrorSchema, '5xx': ErrorSchema } as const;
