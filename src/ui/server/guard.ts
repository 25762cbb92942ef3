import type {IncomingMessage, ServerResponse} from 'node:http';
import {isIP} from 'node:net';

/** A body of a request, at most: 16 latents of 1,000 numbers have less. */
export const maxBodyBytes = 1 << 18;

/** An answer that is no success: the status and one sentence. */
export class Refused extends Error {
  readonly status: 400 | 404 | 409 | 413 | 415 | 500 | 503;

  constructor(status: Refused['status'], message: string) {
    super(message);
    this.status = status;
  }
}

const loopbackNames = ['localhost', '127.0.0.1', '::1'];

/**
 * Why a request is not answered; undefined when it is. It is asked before anything of the body is read.
 *
 * Host: a page of another site can have its own name point at 127.0.0.1 (DNS rebinding); it cannot change the name that
 * browsers send. So only names are taken that no other site can have: those of this machine, and addresses when `host`
 * is more than loopback. Origin and Sec-Fetch-Site: a page of another site, or of another port, can send requests here
 * but not hide where they come from.
 * @param host what the server listens on
 */
export function refusal(
  {method, url = '', headers}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  host: string,
): {status: number; error: string} | undefined {
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST')
    return {status: 405, error: 'only GET and POST are answered'};
  if (!url.startsWith('/')) return {status: 400, error: 'the address has to begin with /'};
  if (!isOwnName(headers.host, host))
    return {status: 403, error: 'the Host header names another machine; open the address that gan ui prints'};
  const {origin, 'sec-fetch-site': site = 'none'} = headers;
  if (origin !== undefined && origin !== `http://${headers.host}`)
    return {status: 403, error: 'requests of pages of other sites are not answered'};
  const followsLink =
    method === 'GET' &&
    url === '/' &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document';
  if (site !== 'none' && site !== 'same-origin' && !followsLink)
    return {status: 403, error: 'requests of pages of other sites are not answered'};
  if (headers['transfer-encoding'] !== undefined) return {status: 411, error: 'a body has to say its length'};
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes)
    return {status: 413, error: `a body has ${maxBodyBytes} bytes at most`};
  return undefined;
}

/** Any port: it may be another one at the near end of an SSH tunnel. */
function isOwnName(given: string | undefined, listening: string): boolean {
  const name = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{1,5})?$/.exec(given ?? '');
  const host = (name?.[1] ?? name?.[2] ?? '').toLowerCase();
  if (loopbackNames.includes(host) || host === listening.toLowerCase()) return true;
  return !loopbackNames.includes(listening) && isIP(host) !== 0;
}

/** Refuses the request and ends the connection, so that the rest of a body is never read. */
export function refuse(response: ServerResponse, {status, error}: {status: number; error: string}): void {
  response.writeHead(status, {...securityHeaders, 'content-type': 'application/json', connection: 'close'});
  response.end(JSON.stringify({error}), () => response.socket?.destroySoon());
}

/**
 * Headers of every answer. The page loads scripts, styles and pictures only from this server, and no other page may
 * embed them.
 */
export const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;
