import { Type } from '@sinclair/typebox';
import { refuseUnstorable } from '../http/body.ts';
import { clientSignal } from '../http/client-signal.ts';
import type { App } from '../http/type-provider.ts';
import { citation } from '../retrieval/answer.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { CitationSchema, Query } from '../schemas/retrieval.ts';
import type { RagDeps } from './deps.ts';

/** POST /api/v1/search */
export function search(app: App, { retriever }: RagDeps): void {
  app.post(
    '/api/v1/search',
    {
      schema: {
        tags: ['rag'],
        summary: 'Find passages by meaning and words',
        body: Type.Object(
          { query: Query, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 10 })) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ results: Type.Array(CitationSchema) }), ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      const { query, limit = 10 } = request.body;
      refuseUnstorable(request.body);
      const found = await retriever.search(query, limit, clientSignal(reply));
      return { results: found.map(citation) };
    },
  );
}
