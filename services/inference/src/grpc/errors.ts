import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { ErrorCode } from '../errors/catalogue.ts';
import { toApiError } from '../http/errors.ts';

const STATUS: Readonly<Record<ErrorCode, status>> = {
  invalid_request: status.INVALID_ARGUMENT,
  invalid_json: status.INVALID_ARGUMENT,
  unsupported_media_type: status.INVALID_ARGUMENT,
  unsupported_encoding: status.INVALID_ARGUMENT,
  body_too_large: status.RESOURCE_EXHAUSTED,
  not_found: status.UNIMPLEMENTED,
  model_not_found: status.NOT_FOUND,
  model_not_ready: status.UNAVAILABLE,
  model_load_failed: status.FAILED_PRECONDITION,
  unauthorized: status.UNAUTHENTICATED,
  repository_closed: status.PERMISSION_DENIED,
  queue_full: status.RESOURCE_EXHAUSTED,
  request_timeout: status.DEADLINE_EXCEEDED,
  client_closed: status.CANCELLED,
  worker_crashed: status.UNAVAILABLE,
  inference_failed: status.INTERNAL,
  internal: status.INTERNAL,
};

/** Any error as gRPC has it, with the code of the catalogue, the path and when to come back in the metadata. */
export function toServiceError(error: unknown): ServiceError {
  const known = toApiError(error);
  const { code, message, path, cure, retryAfterSeconds } = known;
  const metadata = new Metadata();
  metadata.set('error-code', code);
  // Values of metadata are ASCII.
  if (path !== undefined) metadata.set('error-path', path.replace(/[^ -~]/g, '?'));
  if (retryAfterSeconds !== undefined) metadata.set('retry-after', String(retryAfterSeconds));
  return Object.assign(new Error(message, { cause: known }), {
    code: STATUS[code],
    details: `${message}. ${cure}`,
    metadata,
  });
}
