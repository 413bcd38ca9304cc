import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../http/type-provider.ts';
import { type Asset, readAssets } from '../web/assets.ts';

/** The page loads and sends nothing but to where it came from, and nobody may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The web page at `/`, and its files below `/web/`. They hold nothing secret, so they need no token; the page asks for one.
 *
 * @param dir The folder with the page's files.
 */
export function web(app: App, dir: string): void {
  const assets = readAssets(dir);
  for (const [name, asset] of assets) {
    const url = name === 'index.html' ? '/' : `/web/${name}`;
    app.get(url, { config: { access: 'public', quiet: true }, schema: { hide: true } }, async (request, reply) =>
      send(asset, request, reply),
    );
  }
}

function send(asset: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply
    .header('etag', asset.etag)
    // A new version of the service is a new page; the validator makes asking cheap.
    .header('cache-control', 'no-cache')
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('content-security-policy', POLICY);
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
  return reply.type(asset.type).send(asset.body);
}
