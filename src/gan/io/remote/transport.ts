/** How the bytes of a file on a server are asked for, again where the network fails. */
import {setTimeout as wait} from 'node:timers/promises';
import {GanError, isGanError} from '../../../errors.js';
import {chain, isCertificate, isNetwork, isPassing, isTimeout, reasonOf} from '../../../network-words.js';

/** What a server says of a file. */
export interface RemoteFacts {
  /** Bytes; undefined where it does not say so before it has sent them. */
  size?: number;
  /** The ETag or the time of the last change: another one is another file. */
  version?: string;
  /** Whether it sends parts of the file. */
  hasRanges: boolean;
}

/** A file on a server. Errors are those of the network, or `Refused`. */
export interface Transport {
  /** As it is shown. */
  readonly address: string;
  /** Of the server, for messages. */
  readonly host: string;
  look(): Promise<RemoteFacts>;
  /** Exactly these bytes; of another file than `facts` tells of: GanError GAN_DATA_CHANGED. */
  range(position: number, length: number, facts: RemoteFacts): Promise<Buffer>;
  /** All of the file, in pieces. */
  whole(): Promise<AsyncIterable<Uint8Array>>;
}

/** Milliseconds until a server has to answer, and between two pieces of an answer. */
export const patienceMs = 30_000;

/** An answer that is no file. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly status: number,
    what: string,
    /** Milliseconds that the server wants to be left alone. */
    readonly waitMs = 0,
  ) {
    super(what);
  }
}

/**
 * Times that something is asked for, and milliseconds before the second time; then twice as many, and so on. A server
 * is left alone for as long as it wants, but for no more than a minute.
 */
export const retries = {attempts: 8, firstWaitMs: 250, mostWaitMs: 60_000};

/** Whether an answer may be another one later: RFC 9110, 15.5 and 15.6; RFC 6585, 4. */
const passes = (status: number): boolean => [408, 425, 429, 500, 502, 503, 504].includes(status);

/**
 * Asks up to 8 times, over half a minute, while the network or the server fails.
 * @throws GanError that names the host: GAN_NETWORK, GAN_DATA_NOT_FOUND, GAN_DATA_REFUSED (exit 5)
 */
export async function withRetries<T>({address, host}: Transport, ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (isGanError(error)) throw error;
      const status = error instanceof Refused ? error.status : tunnelStatus(error);
      const isWorthwhile = status === undefined ? isPassing(error) : passes(status);
      if (!isWorthwhile || attempt === retries.attempts) throw inWords(error, address, host, attempt);
      const asked = error instanceof Refused ? Math.min(error.waitMs, retries.mostWaitMs) : 0;
      await wait(Math.max(asked, retries.firstWaitMs * 2 ** (attempt - 1) * (1 + 0.2 * Math.random())));
    }
  }
}

/** With what status a proxy has refused a connection to a server, in undici's words; undefined of other errors. */
function tunnelStatus(error: unknown): number | undefined {
  for (const {message} of chain(error)) {
    const [, status] = /^Proxy response \((\d+)\)/.exec(String(message)) ?? [];
    if (status !== undefined) return Number(status);
  }
  return undefined;
}

/** Storage answers to keys that have expired with 400: "Error responses" of Amazon's S3 API reference. */
const isOfKeys = (message: string): boolean => /^(ExpiredToken|InvalidToken|TokenRefreshRequired)\b/.test(message);

function inWords(error: unknown, address: string, host: string, attempt: number): unknown {
  const make = (code: `GAN_${string}`, message: string, suggestions: string[]): GanError =>
    new GanError('data', code, message, {suggestions, cause: error});
  const times = attempt === 1 ? '' : ` (asked ${attempt} times)`;
  const ofProxy = error instanceof Refused && error.status === 407 ? 407 : tunnelStatus(error);
  if (ofProxy !== undefined && !passes(ofProxy))
    return make('GAN_DATA_REFUSED', `The proxy does not ask ${host} for ${address}: it answers with ${ofProxy}.`, [
      ofProxy === 407
        ? 'Give the user and the password of the proxy: HTTPS_PROXY=http://USER:PASSWORD@PROXY:PORT gan ...; HTTP_PROXY for http://'
        : 'Ask whoever runs the proxy; or, for a host that needs none: NO_PROXY=HOST gan ...',
    ]);
  if (error instanceof Refused) {
    const {status, message} = error;
    if (status === 404 || status === 410)
      return make('GAN_DATA_NOT_FOUND', `${host} has no ${address} (${status}).`, [
        'Check the spelling of the address.',
      ]);
    if (status === 401 || status === 403 || isOfKeys(message))
      return make('GAN_DATA_REFUSED', `${host} does not give ${address} to you: ${message}.`, [
        /^s3:/i.test(address)
          ? 'Check that the keys of AWS_PROFILE, or of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, are right, have not expired, and may read the bucket.'
          : 'Check that the address has its keys, and that they have not expired; a user and a password go before the host: https://USER:PASSWORD@HOST/PATH',
      ]);
    if (passes(status))
      return make('GAN_NETWORK', `${host} does not give ${address} just now: ${message}${times}.`, [
        'Try again later.',
      ]);
    return make('GAN_DATA_REFUSED', `${host} does not give ${address}: ${message}.`, [
      status === 301 ? 'AWS_REGION=REGION names the region of the bucket.' : 'Check the address.', // HTTP follows it
    ]);
  }
  if (isCertificate(error))
    return make('GAN_NETWORK', `${host} cannot be trusted: ${reasonOf(error)}.`, [
      'Where the host, or a proxy, has a certificate of your own: NODE_EXTRA_CA_CERTS=FILE.pem gan ...',
      'Check that the clock of this machine is right, and that the host speaks https.',
    ]);
  if (isTimeout(error))
    return make('GAN_NETWORK', `${host} did not answer in time${times}.`, [
      'Try again later; look whether this machine is online.',
    ]);
  if (isRedirect(error))
    return make('GAN_DATA_REFUSED', `${host} redirects requests for ${address}: ${reasonOf(error)}.`, [
      'Check the address; a browser shows where it leads.',
    ]);
  if (!isNetwork(error)) return error;
  return make('GAN_NETWORK', `${host} cannot be reached: ${reasonOf(error)}${times}.`, [
    'Look whether this machine is online, and whether the address is right.',
    'Behind a proxy: HTTPS_PROXY=http://PROXY:PORT gan ...; NO_PROXY=HOST for a host that needs none',
  ]);
}

/** Whether a server redirects without end, or to what is no web server: `file:`, say. */
const isRedirect = (error: unknown): boolean =>
  /^redirect count exceeded|^URL scheme must be/.test(String((error as {cause?: {message?: unknown}}).cause?.message));

/** The error for a file that has become another one since it was looked at. */
export const changedThere = (address: string, how: string): GanError =>
  new GanError('data', 'GAN_DATA_CHANGED', `${address} changed while it was used: ${how}.`, {
    suggestions: ['Start again; a run goes on with `gan fit --resume RUN` when the old file is back.'],
  });

/** A part of a file, as an answer describes it. */
export interface Part {
  /** Its first byte. */
  start: number;
  /** Bytes of the whole file. */
  size: number;
}

/** Of `bytes 0-0/1234`; undefined where it says no size. */
export function partIn(contentRange: string | null | undefined): Part | undefined {
  const [, start, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(contentRange ?? '') ?? [];
  return size === undefined ? undefined : {start: Number(start), size: Number(size)};
}

/**
 * @param part what the server sends, of which version
 * @param position where it has to begin
 * @throws GanError GAN_DATA_CHANGED where it is of another file than `facts` tell of; Refused for another part
 */
export function assertPart(
  address: string,
  {part, version}: {part: Part | undefined; version: string | undefined},
  position: number,
  facts: RemoteFacts,
): void {
  if (!part) throw changedThere(address, 'its server sends all of it, where it sent parts before');
  if (part.size !== facts.size) throw changedThere(address, `it had ${facts.size} bytes, now it has ${part.size}`);
  if (version !== facts.version) throw changedThere(address, 'it is another version');
  if (part.start !== position) throw new Refused(206, 'it sends another part than was asked for');
}

/** The error for an answer that has ended too early. */
export const cutOff = (): Error => Object.assign(new Error('the answer was cut off'), {code: 'ECONNRESET'});

/** How slow an answer may be, after a while: a server that sends a byte now and then would never be done. */
export const slowest = {bytesPerSecond: 1024, afterMs: patienceMs};

/** The pieces of an answer. @throws Error with the code of a time-out where they come too slowly */
export async function* inTime(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const began = performance.now();
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    const lateMs = performance.now() - began - slowest.afterMs;
    if (bytes < (lateMs / 1000) * slowest.bytesPerSecond)
      throw Object.assign(new Error('the answer comes too slowly'), {code: 'ETIMEDOUT'});
    yield piece;
  }
}

/** A body of exactly so many bytes: one without end is not waited for. */
export async function bodyOf(pieces: AsyncIterable<Uint8Array>, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  for await (const piece of inTime(pieces)) {
    if (done + piece.length > length) throw new Refused(206, 'it sends more than was asked for');
    bytes.set(piece, done);
    done += piece.length;
  }
  if (done < length) throw cutOff();
  return bytes;
}
