/** What a caller can be told. Every answer that is not a success carries one of these codes. */
export interface ErrorEntry {
  readonly status: number;
  /** The `type` that OpenAI's clients read. */
  readonly type:
    | 'invalid_request_error'
    | 'authentication_error'
    | 'permission_error'
    | 'not_found_error'
    | 'rate_limit_error'
    | 'api_error';
  readonly message: string;
  readonly cure: string;
}

/** The error catalogue: code, status, message and cure in one place, so that routes only name a code. */
export const CATALOGUE = {
  invalid_request: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The request is not valid.',
    cure: 'Correct the fields named in `details`; the schemas are at /docs.',
  },
  invalid_json: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The body is not valid JSON.',
    cure: 'Send UTF-8 encoded JSON with `content-type: application/json`.',
  },
  malformed_request: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The HTTP request is malformed.',
    cure: 'Check the length and encoding headers and the percent-encoding of the path.',
  },
  unauthenticated: {
    status: 401,
    type: 'authentication_error',
    message: 'No valid bearer token.',
    cure: 'Send `authorization: Bearer <token>` with a token of the secret that is mounted at API_TOKENS_DIR.',
  },
  not_allowed: {
    status: 403,
    type: 'permission_error',
    message: 'This caller may not do that.',
    cure: 'Use the token of a caller listed in DOCUMENT_WRITERS, or add this caller to it.',
  },
  unknown_route: {
    status: 404,
    type: 'not_found_error',
    message: 'There is no such endpoint.',
    cure: 'See /docs for the endpoints that are switched on here (FEATURES).',
  },
  document_not_found: {
    status: 404,
    type: 'not_found_error',
    message: 'There is no document with this id.',
    cure: 'Check the id; it is the one given when the document was stored.',
  },
  counterfactual_not_found: {
    status: 404,
    type: 'not_found_error',
    message: 'There is no counterfactual with this id.',
    cure: 'Use the `id` of an answer of POST /api/v1/counterfactuals.',
  },
  experiment_not_found: {
    status: 404,
    type: 'not_found_error',
    message: 'There is no experiment with this id.',
    cure: 'GET /api/v1/experiments lists the experiments with their ids.',
  },
  experiment_conflict: {
    status: 409,
    type: 'invalid_request_error',
    message: 'The experiment is in a state that does not allow this.',
    cure: 'GET /api/v1/experiments/{id} tells its state.',
  },
  promotion_refused: {
    status: 409,
    type: 'invalid_request_error',
    message: 'The experiment does not meet its success criteria.',
    cure: 'Run it again after a change, or promote it all the same with `?force=true`.',
  },
  model_not_found: {
    status: 404,
    type: 'not_found_error',
    message: 'No configured provider serves this model.',
    cure: 'GET /v1/models lists the models; providers are configured in PROVIDERS_FILE.',
  },
  method_not_supported: {
    status: 405,
    type: 'invalid_request_error',
    message: 'This HTTP method is not supported.',
    cure: 'See /docs for the methods of each endpoint.',
  },
  body_too_large: {
    status: 413,
    type: 'invalid_request_error',
    message: 'The body is too large.',
    cure: 'Split the document, or send less; the limits are in /docs.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    message: 'The body has an unsupported content type.',
    cure: 'Send `content-type: application/json`.',
  },
  write_conflict: {
    status: 409,
    type: 'api_error',
    message: 'The write took too long and was given up; nothing was stored.',
    cure: 'Send the document again; if it is large, split it.',
  },
  client_closed: {
    status: 499,
    type: 'api_error',
    message: 'The client left before the answer was complete.',
    cure: 'None needed.',
  },
  upstream_rate_limited: {
    status: 429,
    type: 'rate_limit_error',
    message: 'The provider limits its rate.',
    cure: 'Try again after the time in `retry-after`, or use a model of another provider.',
  },
  upstream_rejected: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The provider rejected the request.',
    cure: 'Check the parameters against what this model supports.',
  },
  upstream_credentials: {
    status: 502,
    type: 'api_error',
    message: "The provider rejected the platform's own credentials.",
    cure: 'An operator has to renew the key in the apiKeyFile of this provider.',
  },
  upstream_failed: {
    status: 502,
    type: 'api_error',
    message: 'The provider failed.',
    cure: 'Try again, or use a model of another provider.',
  },
  upstream_cut: {
    status: 502,
    type: 'api_error',
    message: 'The provider ended the stream before the answer was complete.',
    cure: 'What was received is incomplete; send the request again.',
  },
  upstream_timeout: {
    status: 504,
    type: 'api_error',
    message: 'The provider did not answer in time.',
    cure: 'Try again, or raise the timeout of the named phase in PROVIDERS_FILE.',
  },
  not_supported: {
    status: 400,
    type: 'invalid_request_error',
    message: 'No provider of this model can do that.',
    cure: 'Leave out the fields named in `details`, or use a model of another provider.',
  },
  private_unavailable: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The request is private, and no private provider (tier 0) serves this model.',
    cure: 'Use a model of tier 0; GET /v1/models lists them.',
  },
  backends_unavailable: {
    status: 503,
    type: 'api_error',
    message: 'No provider of this model takes requests now.',
    cure: 'Try again after the time in `retry-after`; GET /admin/providers names the state of each provider.',
  },
  overloaded: {
    status: 503,
    type: 'api_error',
    message: 'This replica has as many calls under way as it may.',
    cure: 'Send the request again after the time in `retry-after`; an operator can add replicas.',
  },
  dependency_unavailable: {
    status: 503,
    type: 'api_error',
    message: 'A service that this answer needs cannot be reached.',
    cure: 'Try again shortly; GET /health/detailed names the state of each dependency.',
  },
  dependency_mismatch: {
    status: 503,
    type: 'api_error',
    message: 'The embedding model does not fit the configuration.',
    cure: 'Make EMBEDDING_MODEL and EMBEDDING_DIMENSION those of the model that INFERENCE_URL serves.',
  },
  starting: {
    status: 503,
    type: 'api_error',
    message: 'The service is still starting.',
    cure: 'Try again shortly; GET /health/startup says what is missing.',
  },
  rate_limited: {
    status: 429,
    type: 'rate_limit_error',
    message: 'Too many requests.',
    cure: 'Send it again after the time in `retry-after`; an operator can raise the limit of the tier in POLICY_FILE.',
  },
  budget_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    message: 'The budget has no room for this request.',
    cure: 'Wait for the next period, ask for less (`max_tokens`), or have an administrator raise it with POST /api/v1/budget/limit.',
  },
  policy_unavailable: {
    status: 503,
    type: 'api_error',
    message: 'Limits and budgets cannot be checked now.',
    cure: 'Try again shortly; GET /health/detailed names the state of Redis and PostgreSQL.',
  },
  maintenance: {
    status: 503,
    type: 'api_error',
    message: 'The service is in maintenance.',
    cure: 'Try again after the time in `retry-after`. An administrator ends it with PUT /admin/maintenance {"enabled": false}.',
  },
  draining: {
    status: 503,
    type: 'api_error',
    message: 'This replica is shutting down.',
    cure: 'Send the request again; another replica takes it.',
  },
  internal: {
    status: 500,
    type: 'api_error',
    message: 'Something went wrong inside the service.',
    cure: 'Try again; if it stays, give the request id to an operator.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof CATALOGUE;

/** The status with which `code` is answered. */
export function statusOf(code: ErrorCode): number {
  return CATALOGUE[code].status;
}
