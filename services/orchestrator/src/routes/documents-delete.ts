import { Type } from '@sinclair/typebox';
import { AppError } from '../errors/app-error.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import type { RagDeps } from './deps.ts';
import { DocumentId } from './documents-put.ts';

/** DELETE /api/v1/documents/{id} */
export function documentsDelete(app: App, { writer }: RagDeps): void {
  app.delete(
    '/api/v1/documents/:id',
    {
      config: { access: 'writer' },
      schema: {
        tags: ['rag'],
        summary: 'Delete a document and its passages',
        description: 'The id is percent-encoded: a slash in it is %2F.',
        params: Type.Object({ id: DocumentId }),
        response: { 204: Type.Null({ description: 'Deleted' }), ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      if (!(await writer.remove(request.params.id))) throw new AppError('document_not_found');
      return reply.code(204).send(null);
    },
  );
}
