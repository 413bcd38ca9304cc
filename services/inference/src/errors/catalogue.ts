/** Every error that a client can get: its code is stable, its status and cure are written down once. */
export const ERRORS = {
  invalid_request: { status: 400, cure: 'Correct the field that is named; /docs describes every request.' },
  invalid_json: { status: 400, cure: 'Send a body that is valid JSON.' },
  body_too_large: { status: 413, cure: 'Send fewer inputs in one request.' },
  unsupported_media_type: { status: 415, cure: 'Send the body as application/json.' },
  unsupported_encoding: { status: 415, cure: 'Compress the body with gzip or deflate, or not at all.' },
  not_found: { status: 404, cure: 'See /docs for the addresses and methods of this server.' },
  model_not_found: { status: 404, cure: 'Ask for a model of GET /v1/models.' },
  model_not_ready: { status: 503, cure: 'See /health/ready for the state of the models, and try again.' },
  model_load_failed: { status: 422, cure: 'Correct what is named, and load it again; what served before still does.' },
  unauthorized: { status: 401, cure: 'Send the header "Authorization: Bearer <token>" with the token of this server.' },
  repository_closed: { status: 403, cure: 'Set REPOSITORY_API to true, or load models by deploying them.' },
  queue_full: { status: 429, cure: 'Wait for as long as Retry-After says, and send the request again.' },
  request_timeout: { status: 504, cure: 'Send fewer inputs in one request, or raise REQUEST_TIMEOUT_SECONDS.' },
  client_closed: { status: 499, cure: 'Keep the connection open until the answer is there.' },
  worker_crashed: { status: 503, cure: 'Send the request again; the worker is being started anew.' },
  inference_failed: { status: 500, cure: 'Look into the log of this server for the request id.' },
  internal: { status: 500, cure: 'Look into the log of this server for the request id.' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly cure: string }>>;

export type ErrorCode = keyof typeof ERRORS;
