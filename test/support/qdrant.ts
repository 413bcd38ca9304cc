import { createServer, type IncomingMessage } from 'node:http';

/**
 * A stand-in for Qdrant: the part of its REST API that the orchestrator uses, with the answers, statuses and checks that its
 * OpenAPI document gives for them. Qdrant itself comes from no package registry that the project may use, so nothing here
 * proves that a real one agrees; the types of its own client, which the store is written against, come from that document.
 *
 * https://api.qdrant.tech/api-reference (2026-11-21)
 */
export interface FakeQdrant {
  readonly url: string;
  /** Every request's method and path, in order. */
  readonly seen: string[];
  /** The `api-key` header of the last request. */
  readonly lastKey: () => string | undefined;
  /** Forgets all collections, as a server whose volume was lost. */
  lose(): void;
  stop(): Promise<void>;
}

interface Point {
  readonly id: string;
  readonly vector: readonly number[];
  readonly payload: Readonly<Record<string, unknown>>;
}

interface Condition {
  readonly key: string;
  readonly match: { readonly any: readonly unknown[] };
}

interface Body {
  readonly vectors?: { readonly size: number; readonly distance: string };
  readonly points?: readonly Point[];
  readonly filter?: { readonly must?: readonly Condition[]; readonly must_not?: readonly Condition[] };
  readonly query?: readonly number[];
  readonly limit?: number;
  readonly ids?: readonly string[];
  readonly with_payload?: unknown;
  readonly with_vector?: boolean;
  readonly field_name?: string;
}

interface Collection {
  readonly size: number;
  readonly points: Map<string, Point>;
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

export async function startFakeQdrant(): Promise<FakeQdrant> {
  const collections = new Map<string, Collection>();
  const seen: string[] = [];
  let key: string | undefined;
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://qdrant');
    seen.push(`${request.method} ${url.pathname}`);
    key = request.headers['api-key']?.toString();
    response.setHeader('content-type', 'application/json');
    try {
      const body = await read(request);
      const result = answer(collections, `${request.method}`, url.pathname.split('/').slice(1), body);
      response.end(JSON.stringify({ result, status: 'ok', time: 0.001 }));
    } catch (error) {
      response.statusCode = error instanceof Refused ? error.status : 500;
      response.end(JSON.stringify({ status: { error: String(error) }, time: 0 }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    seen,
    lastKey: () => key,
    lose: () => collections.clear(),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<Body> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text || '{}');
}

function answer(collections: Map<string, Collection>, method: string, path: string[], body: Body): unknown {
  const [root, name = '', ...rest] = path;
  if (root !== 'collections') throw new Refused(404, 'no such endpoint');
  const known = collections.get(name);
  switch (`${method} ${rest.join('/')}`) {
    case 'GET exists':
      return { exists: known !== undefined };
    case 'PUT ': {
      if (known) throw new Refused(409, `Wrong input: Collection \`${name}\` already exists!`);
      if (body.vectors?.distance !== 'Cosine') throw new Refused(422, 'a distance is missing');
      collections.set(name, { size: body.vectors.size, points: new Map() });
      return true;
    }
  }
  if (!known) throw new Refused(404, `Not found: Collection \`${name}\` doesn't exist!`);
  const { points } = known;
  switch (`${method} ${rest.join('/')}`) {
    case 'PUT index':
      if (body.field_name === undefined) throw new Refused(400, 'field_name is missing');
      return { operation_id: 1, status: 'completed' };
    case 'PUT points':
      for (const point of body.points ?? []) {
        if (!UUID.test(point.id)) throw new Refused(400, `${point.id} is not a valid point ID`);
        if (point.vector.length !== known.size) throw new Refused(400, 'Vector dimension error');
        // With the distance Cosine, vectors are normalised when they come in.
        points.set(point.id, { ...point, vector: normalised(point.vector) });
      }
      return { operation_id: 1, status: 'completed' };
    case 'POST points': {
      const found = (body.ids ?? []).flatMap((id) => points.get(id) ?? []);
      return found.map((point) => ({
        id: point.id,
        payload: point.payload,
        ...(body.with_vector ? { vector: point.vector } : {}),
      }));
    }
    case 'POST points/query': {
      const asked = normalised(body.query ?? []);
      if (asked.length !== known.size) throw new Refused(400, 'Vector dimension error');
      const scored = [...points.values()].map((point) => ({
        id: point.id,
        version: 1,
        score: point.vector.reduce((sum, value, at) => sum + value * (asked[at] ?? 0), 0),
        payload: point.payload,
      }));
      return { points: scored.sort((a, b) => b.score - a.score).slice(0, body.limit ?? 10) };
    }
    case 'POST points/delete':
      if (body.filter === undefined) throw new Refused(400, 'points or filter is missing');
      for (const [id, point] of points) if (matches(point, body.filter)) points.delete(id);
      return { operation_id: 1, status: 'completed' };
    case 'POST points/count':
      return { count: points.size };
  }
  throw new Refused(404, 'no such endpoint');
}

function matches({ payload }: Point, { must = [], must_not = [] }: NonNullable<Body['filter']>): boolean {
  const holds = ({ key, match }: Condition) => match.any.includes(payload[key]);
  return must.every(holds) && !must_not.some(holds);
}

function normalised(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
