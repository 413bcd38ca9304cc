const KEY = 'keelson-token';

/** The token lives as long as the tab, and nowhere else. */
export const token = {
  get: () => sessionStorage.getItem(KEY) ?? '',
  set: (value) => sessionStorage.setItem(KEY, value),
  clear: () => sessionStorage.removeItem(KEY),
};

/** A refusal of the API, in its own words. */
export class ApiError extends Error {
  constructor({ message, code = '', cure = '', status = 0, request_id: requestId = '' }) {
    super(message);
    this.code = code;
    this.cure = cure;
    this.status = status;
    this.requestId = requestId;
  }
}

let onUnauthenticated = () => {};

/** Told when the token is no longer good. */
export function whenUnauthenticated(listener) {
  onUnauthenticated = listener;
}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, {
      ...options,
      headers: { ...options.headers, ...(token.get() ? { authorization: `Bearer ${token.get()}` } : {}) },
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError({
      message: 'The service cannot be reached.',
      cure: 'Check the connection; the page tries again when you do.',
    });
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const error = new ApiError(
    body.error ?? { message: `The service answered ${response.status}.`, status: response.status },
  );
  if (response.status === 401) onUnauthenticated(error);
  throw error;
}

export async function get(path) {
  return (await request(path)).json();
}

/**
 * Posts JSON and reads the answer as server-sent events.
 *
 * @returns {AsyncGenerator<{ event: string, data: string }>}
 */
export async function* stream(path, body, signal) {
  const response = await request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split(/\r?\n/);
      const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).replace(/^ /, ''));
      const event =
        lines
          .find((line) => line.startsWith('event:'))
          ?.slice(6)
          .trim() ?? 'message';
      if (data.length > 0) yield { event, data: data.join('\n') };
    }
  }
}
