import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const SERVICE = 'GRPCInferenceService';

/** The service as the protocol's published file defines it. */
export function loadService(): ServiceDefinition {
  const definition = loadSync(fileURLToPath(protoFile()), {
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
    arrays: true,
    objects: true,
    oneofs: true,
  });
  const { inference } = loadPackageDefinition(definition);
  if (inference === undefined || 'format' in inference || !(SERVICE in inference)) throw new Error(`no ${SERVICE}`);
  const service = inference[SERVICE];
  if (typeof service !== 'function' || !('service' in service)) throw new Error(`${SERVICE} is no service`);
  return service.service;
}

/** Run from source by Node itself, or from the bundle, which has the file beside it. */
function protoFile(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('../../proto/open_inference.proto', import.meta.url)
    : new URL('./open_inference.proto', import.meta.url);
}
