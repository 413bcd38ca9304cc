import { Type } from 'typebox';

/** The body of an error, as `/health` and the framework answer it. */
export const ErrorBody = Type.Object({
  error: Type.Object({
    code: Type.String({ description: 'stable, for programs' }),
    message: Type.String(),
    path: Type.Optional(Type.String({ description: 'the field that is wrong' })),
    cure: Type.String(),
  }),
});

/** The body of an error below /v1. */
export const OpenAiErrorBody = Type.Object({
  error: Type.Object({
    message: Type.String(),
    type: Type.String(),
    param: Type.Union([Type.String(), Type.Null()]),
    code: Type.String(),
    path: Type.Optional(Type.String()),
    cure: Type.String(),
  }),
});

/** The body of an error below /v2. */
export const ProtocolErrorBody = Type.Object({
  error: Type.String(),
  code: Type.String(),
  path: Type.Optional(Type.String()),
  cure: Type.String(),
});

export const ModelParams = Type.Object({
  model: Type.String({ description: 'the name of a model' }),
  version: Type.Optional(Type.String({ description: 'one of its versions' })),
});
