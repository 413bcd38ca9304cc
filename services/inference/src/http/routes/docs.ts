import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';

/**
 * A page that lists the operations of the OpenAPI document. Written here because the usual viewer would be most of the
 * bundle's size, and because it must work without any other host.
 */
const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Keelson inference</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  summary { cursor: pointer; padding: .25rem 0; }
  code { font: .9em ui-monospace, monospace; }
  b { display: inline-block; min-width: 3.5rem; }
  pre { overflow: auto; padding: 1rem; border: 1px solid; border-radius: .25rem; }
</style>
<h1>Keelson inference</h1>
<p>The OpenAPI document is at <a href="docs/json">docs/json</a>.</p>
<main>Loading…</main>
<script>
  const main = document.querySelector('main');
  const element = (name, text, ...children) => {
    const node = document.createElement(name);
    node.textContent = text;
    node.append(...children);
    return node;
  };
  const load = async () => {
    const { paths } = await (await fetch('docs/json')).json();
    main.replaceChildren();
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const line = element('summary', '', element('b', method.toUpperCase()), element('code', path), ' ', operation.summary ?? '');
        main.append(element('details', '', line, element('pre', JSON.stringify(operation, null, 2))));
      }
    }
  };
  load().catch((error) => { main.textContent = 'The document could not be loaded: ' + error.message; });
</script>
`;

/** The OpenAPI document, and a page to read it. */
export const docsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/docs', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(PAGE),
  );
  app.get('/docs/json', { schema: { hide: true } }, async () => app.swagger());
};
