/** Files on web servers, by undici: redirects, certificates and proxies as its users expect them. */
import type {Dispatcher, Response} from 'undici';
import {completeAddress} from '../../../address.js';
import {GanError} from '../../../errors.js';
import {
  assertPart,
  bodyOf,
  inTime,
  partIn,
  patienceMs,
  Refused,
  type Part,
  type RemoteFacts,
  type Transport,
} from './transport.js';

type Undici = typeof import('undici');

/** Connections to one host at a time. */
const connections = 16;

let loaded: Promise<{undici: Undici; dispatcher: Dispatcher}> | undefined;

/** What all requests to servers go by. */
export const loadHttp = (): NonNullable<typeof loaded> =>
  (loaded ??= import('undici').then((undici) => ({undici, dispatcher: dispatcherOf(undici)})));

/** HTTP_PROXY, HTTPS_PROXY and NO_PROXY count. @throws GanError GAN_CONFIG_VALUE (exit 3) for what is no proxy */
function dispatcherOf({EnvHttpProxyAgent}: Undici): Dispatcher {
  try {
    return new EnvHttpProxyAgent({
      connections,
      connectTimeout: patienceMs,
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
    });
  } catch (cause) {
    throw new GanError('config', 'GAN_CONFIG_VALUE', 'HTTP_PROXY or HTTPS_PROXY is no address of a proxy.', {
      suggestions: ['Give it as http://PROXY:PORT, or as http://USER:PASSWORD@PROXY:PORT'],
      cause,
    });
  }
}

/** @param shown the address as it is shown */
export function httpTransport(shown: string): Transport {
  const url = new URL(completeAddress(shown));
  const {username, password, host} = url;
  url.username = url.password = '';
  const user = `${decoded(username)}:${decoded(password)}`;
  const headers = {
    // bytes as they are stored: places in them count
    'accept-encoding': 'identity',
    ...(user !== ':' && {authorization: `Basic ${Buffer.from(user).toString('base64')}`}),
  };
  const ask = async (range?: string): Promise<Response> => {
    const {undici, dispatcher} = await loadHttp();
    const answer = await undici.fetch(url, {
      dispatcher,
      headers: {...headers, ...(range && {range: `bytes=${range}`})},
    });
    if (answer.status === 200 || answer.status === 206) return answer;
    await answer.body?.cancel().catch(() => {});
    throw new Refused(answer.status, `${answer.status} ${answer.statusText}`.trim(), waitOf(answer));
  };
  return {
    address: shown,
    host,
    async look(): Promise<RemoteFacts> {
      const answer = await ask('0-0');
      await answer.body?.cancel().catch(() => {});
      const part = partOf(answer);
      const version = versionOf(answer);
      const known = {...(version !== undefined && {version})};
      if (part) return {size: part.size, hasRanges: true, ...known};
      const length = Number(answer.headers.get('content-length') ?? NaN);
      return {...(answer.status === 200 && length >= 0 && {size: length}), hasRanges: false, ...known};
    },
    async range(position, length, facts) {
      const answer = await ask(`${position}-${position + length - 1}`);
      try {
        assertPart(shown, {part: partOf(answer), version: versionOf(answer)}, position, facts);
      } catch (error) {
        await answer.body?.cancel().catch(() => {});
        throw error;
      }
      if (!answer.body) throw new Refused(answer.status, 'its answer is empty');
      return bodyOf(answer.body as AsyncIterable<Uint8Array>, length);
    },
    async whole() {
      const answer = await ask();
      if (!answer.body) throw new Refused(answer.status, 'its answer is empty');
      return inTime(answer.body as AsyncIterable<Uint8Array>);
    },
  };
}

/** A user or a password; a `%` that stands for nothing is itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Undefined where the answer is all of the file. */
const partOf = ({status, headers}: Response): Part | undefined =>
  status === 206 ? partIn(headers.get('content-range')) : undefined;

const versionOf = ({headers}: Response): string | undefined =>
  headers.get('etag') ?? headers.get('last-modified') ?? undefined;

/** Milliseconds: `retry-after: 5`, or a date. */
function waitOf({headers}: Response): number {
  const after = headers.get('retry-after');
  if (after === null) return 0;
  const ms = /^\d+$/.test(after) ? 1000 * Number(after) : Date.parse(after) - Date.now();
  return ms > 0 ? ms : 0;
}
