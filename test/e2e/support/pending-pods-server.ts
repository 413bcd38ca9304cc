import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';

/*
 * An API server of external.metrics.k8s.io/v1beta1 with one metric: pods of a namespace that wait for a node with the GPU that the label
 * `product` names. It runs in the cluster, behind the aggregation layer, and counts what the API server says.
 */

const group = 'external.metrics.k8s.io/v1beta1';
const metric = 'pods_pending';
const account = '/var/run/secrets/kubernetes.io/serviceaccount';

interface Pods {
  readonly items: readonly {
    readonly spec: { readonly nodeName?: string; readonly nodeSelector?: Readonly<Record<string, string>> };
  }[];
}

/** Asks the API server as the service account that it runs as. */
function list(namespace: string): Promise<Pods> {
  const { promise, resolve, reject } = Promise.withResolvers<Pods>();
  const options = {
    host: 'kubernetes.default.svc',
    path: `/api/v1/namespaces/${namespace}/pods?fieldSelector=status.phase%3DPending`,
    ca: readFileSync(`${account}/ca.crt`),
    headers: { authorization: `Bearer ${readFileSync(`${account}/token`, 'utf8')}` },
  };
  request(options, async (response) => {
    const chunks: Buffer[] = await response.toArray();
    const text = Buffer.concat(chunks).toString();
    if (response.statusCode === 200)
      resolve(JSON.parse(text) as Pods); // what the API says of pods
    else reject(new Error(text));
  })
    .on('error', reject)
    .end();
  return promise;
}

async function answer(address: URL): Promise<object | undefined> {
  if (address.pathname === `/apis/${group}`) {
    const resources = [
      { name: metric, singularName: '', namespaced: true, kind: 'ExternalMetricValueList', verbs: ['get'] },
    ];
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group, resources };
  }
  const asked = new RegExp(`^/apis/${group}/namespaces/([a-z0-9-]+)/${metric}$`).exec(address.pathname);
  const product = /^product=([\w.-]+)$/.exec(address.searchParams.get('labelSelector') ?? '')?.[1];
  if (asked?.[1] === undefined || product === undefined) return undefined;
  const { items } = await list(asked[1]);
  const waiting = items.filter(
    ({ spec }) => spec.nodeName === undefined && spec.nodeSelector?.['nvidia.com/gpu.product'] === product,
  );
  const value = {
    metricName: metric,
    metricLabels: { product },
    timestamp: new Date().toISOString(),
    value: String(waiting.length),
  };
  return { kind: 'ExternalMetricValueList', apiVersion: group, metadata: {}, items: [value] };
}

const keys = { cert: readFileSync('/tls/tls.crt'), key: readFileSync('/tls/tls.key') };
createServer(keys, async (asked, response) => {
  const found = await answer(new URL(asked.url ?? '/', 'https://here')).catch((error: unknown) => {
    console.error(error);
    return undefined;
  });
  const body = found ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
  response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}).listen(8443);
