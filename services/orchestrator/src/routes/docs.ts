import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from '../http/type-provider.ts';

const TYPES = { 'swagger-ui-bundle.js': 'text/javascript', 'swagger-ui.css': 'text/css' } as const;

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Keelson orchestrator</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`;

const START =
  "SwaggerUIBundle({ url: '/docs/json', dom_id: '#ui', deepLinking: true, persistAuthorization: false });\n";

/**
 * /docs: the OpenAPI document as a page, and at /docs/json as it is. The page loads nothing from elsewhere.
 *
 * @param assets The folder with Swagger UI's two files.
 */
export function docs(app: App, assets: string): void {
  const options = { config: { access: 'public', quiet: true }, schema: { hide: true } } as const;
  const csp =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";
  app.get('/docs', options, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', csp).send(PAGE),
  );
  app.get('/docs/start.js', options, async (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(START),
  );
  app.get('/docs/json', options, async () => app.swagger());
  for (const [name, type] of Object.entries(TYPES)) {
    const path = join(assets, name);
    if (!existsSync(path))
      throw new Error(`${path} is missing: build the service with "npm run build", or run "npm ci".`);
    app.get(`/docs/${name}`, options, async (_request, reply) =>
      reply
        .type(`${type}; charset=utf-8`)
        .header('cache-control', 'public, max-age=86400')
        .send(createReadStream(path)),
    );
  }
}
