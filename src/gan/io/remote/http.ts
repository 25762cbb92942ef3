/** Files on web servers, by undici: redirects, certificates and proxies as its users expect them. */
import type {Dispatcher, Response} from 'undici';
import {completeAddress} from '../../../address.js';
import {bodyOf, changedThere, Refused, type RemoteFacts, type Transport} from './transport.js';

type Undici = typeof import('undici');

/** Connections to one host at a time; milliseconds until it has to answer, and between two pieces of an answer. */
const [connections, patienceMs] = [16, 30_000];

let loaded: Promise<{undici: Undici; dispatcher: Dispatcher}> | undefined;

/** HTTP_PROXY, HTTPS_PROXY and NO_PROXY count. */
const load = (): NonNullable<typeof loaded> =>
  (loaded ??= import('undici').then((undici) => ({
    undici,
    dispatcher: new undici.EnvHttpProxyAgent({
      connections,
      connectTimeout: patienceMs,
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
    }),
  })));

/** @param shown the address as it is shown */
export function httpTransport(shown: string): Transport {
  const url = new URL(completeAddress(shown));
  const {username, password, host} = url;
  url.username = url.password = '';
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers = {
    // bytes as they are stored: places in them count
    'accept-encoding': 'identity',
    ...(user !== ':' && {authorization: `Basic ${Buffer.from(user).toString('base64')}`}),
  };
  const ask = async (range?: string): Promise<Response> => {
    const {undici, dispatcher} = await load();
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
      const total = sizeIn(answer);
      const version = versionOf(answer);
      const known = {...(version !== undefined && {version})};
      if (total !== undefined) return {size: total, hasRanges: true, ...known};
      const length = Number(answer.headers.get('content-length') ?? NaN);
      return {...(answer.status === 200 && length >= 0 && {size: length}), hasRanges: false, ...known};
    },
    async range(position, length, facts) {
      const answer = await ask(`${position}-${position + length - 1}`);
      const fail = async (how: string): Promise<never> => {
        await answer.body?.cancel().catch(() => {});
        throw changedThere(shown, how);
      };
      const size = sizeIn(answer);
      if (size === undefined) await fail('its server sends all of it, where it sent parts before');
      if (size !== facts.size) await fail(`it had ${facts.size} bytes, now it has ${size}`);
      if (versionOf(answer) !== facts.version) await fail('it is another version');
      if (!answer.body) throw new Refused(answer.status, 'its answer is empty');
      return bodyOf(answer.body as AsyncIterable<Uint8Array>, length);
    },
    async whole() {
      const answer = await ask();
      if (!answer.body) throw new Refused(answer.status, 'its answer is empty');
      return answer.body as AsyncIterable<Uint8Array>;
    },
  };
}

/** Of `content-range: bytes 0-0/1234`; undefined where the answer is no part. */
function sizeIn(answer: Response): number | undefined {
  const total = /^bytes \d+-\d+\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1];
  return answer.status === 206 && total !== undefined ? Number(total) : undefined;
}

const versionOf = ({headers}: Response): string | undefined =>
  headers.get('etag') ?? headers.get('last-modified') ?? undefined;

/** Milliseconds: `retry-after: 5`, or a date. */
function waitOf({headers}: Response): number {
  const after = headers.get('retry-after');
  if (after === null) return 0;
  const ms = /^\d+$/.test(after) ? 1000 * Number(after) : Date.parse(after) - Date.now();
  return ms > 0 ? ms : 0;
}
