/** `fetch` for addresses that may answer anything: never a redirect, never more than so many bytes. */

export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
  constructor(readonly max_bytes: number) {
    super(`the answer is larger than ${max_bytes} bytes`);
  }
}

/**
 * Node loads its HTTP client when it is used first, some 40 ms in one piece: whoever is going to need it has that behind it
 * before somebody waits.
 */
export function loadFetch(): void {
  void globalThis.Headers;
}

/**
 * A `fetch` whose answers fail with TooLargeError after `max_bytes` and whose redirects come back as they are:
 * following one would hand the request, and its key, to somebody else.
 */
export function boundedFetch(max_bytes: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: 'manual' });
    const body = response.body?.pipeThrough(limit(max_bytes)) ?? null;
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
}

function limit(max_bytes: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > max_bytes) controller.error(new TooLargeError(max_bytes));
      else controller.enqueue(chunk);
    },
  });
}

/** The Retry-After of an answer in ms, RFC 9110 10.2.3: seconds or a date. Null: none, or nonsense. */
export function retryAfter_ms(headers: Headers, now_ms: number): number | null {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(value)) return Number(value) * 1000;
  const date = /^[A-Za-z]{3}, /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now_ms);
}

/**
 * Why no answer came, from what `fetch` threw: the code of the cause, e.g. `ECONNREFUSED`. Never its message,
 * which may hold the address, and the address may be the secret.
 */
export function networkReason(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof TooLargeError) return at.message;
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,50}$/.test(code)) return words(code);
  }
  return 'the connection failed';
}

function words(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'nobody listens there (ECONNREFUSED)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `its name cannot be resolved (${code})`;
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return `no route to it (${code})`;
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return `the connection was closed (${code})`;
    default:
      return code;
  }
}

/** http is for this machine: everything else would carry keys in the clear. */
export function isPrivateEnough(url: URL): boolean {
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
}
