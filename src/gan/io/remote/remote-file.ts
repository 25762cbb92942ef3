/** Files on servers, of which the parts that are needed are fetched and kept. */
import {dataCacheBytes} from '../../../environment.js';
import {GanError} from '../../../errors.js';
import {completeAddress, publicAddress} from '../../../address.js';
import type {RandomAccess} from '../random-access-file.js';
import {CachedFile} from './cache.js';
import {blockBytes} from './cache-room.js';
import {httpTransport} from './http.js';
import {s3Transport} from './s3.js';
import {changedThere, cutOff, Refused, withRetries, type RemoteFacts, type Transport} from './transport.js';

/** Blocks that are asked for at once, where they follow each other. */
const mostBlocks = 8;

/** @throws GanError of the network; GAN_DATA_REFUSED where a file that its server sends whole only cannot be kept */
export async function openRemote(given: string): Promise<RandomAccess> {
  const transport = transportOf(given);
  const {address} = transport;
  const complete = completeAddress(address);
  const facts = await withRetries(transport, () => transport.look().catch(factsOfNothing));
  if (facts.hasRanges) {
    const cache = await CachedFile.open({name: address, complete, ...facts, size: facts.size!});
    return new RemoteFile(transport, facts, cache);
  }
  return download(transport, complete, facts);
}

/** A file without bytes has no first one to send: RFC 9110, 15.5.17. */
function factsOfNothing(error: unknown): RemoteFacts {
  if (error instanceof Refused && error.status === 416) return {size: 0, hasRanges: true};
  throw error;
}

/** How a file on a server is asked for. */
export function transportOf(given: string): Transport {
  const address = publicAddress(given);
  return /^s3:/i.test(address) ? s3Transport(address) : httpTransport(address);
}

class RemoteFile implements RandomAccess {
  readonly path: string;
  readonly size: number;
  /** Blocks that are on their way. */
  readonly #coming = new Map<number, Promise<Buffer>>();

  constructor(
    readonly transport: Transport,
    readonly facts: RemoteFacts,
    readonly cache: CachedFile,
  ) {
    this.path = transport.address;
    this.size = facts.size!;
  }

  async read(position: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.size - position));
    if (wanted === 0) return Buffer.alloc(0);
    const [first, last] = [Math.floor(position / blockBytes), Math.floor((position + wanted - 1) / blockBytes)];
    const blocks = Array.from({length: last - first + 1}, (_, i) => first + i);
    if (blocks.every((block) => this.cache.has(block))) {
      const bytes = await this.cache.read(position, wanted);
      if (bytes) return bytes;
    }
    if (!this.cache.keeps && !blocks.some((block) => this.#coming.has(block))) return this.#ask(position, wanted);
    this.#fetch(blocks);
    const bytes = Buffer.allocUnsafe(wanted);
    for (const block of blocks) {
      const start = block * blockBytes;
      const content = await this.#block(block);
      content.copy(bytes, Math.max(0, start - position), Math.max(0, position - start));
    }
    return bytes;
  }

  async #block(block: number): Promise<Buffer> {
    const coming = this.#coming.get(block);
    if (coming) return coming;
    const length = this.cache.lengthOf(block);
    const kept = this.cache.has(block) ? await this.cache.read(block * blockBytes, length) : undefined;
    return kept ?? this.#ask(block * blockBytes, length);
  }

  /** Asks for the blocks that are not here, several in one request where they follow each other. */
  #fetch(blocks: readonly number[]): void {
    let run: number[] = [];
    const end = (): void => {
      if (run.length > 0) this.#fetchRun(run);
      run = [];
    };
    for (const block of blocks) {
      if (this.cache.has(block) || this.#coming.has(block)) end();
      else if (run.push(block) === mostBlocks) end();
    }
    end();
  }

  #fetchRun(run: readonly number[]): void {
    const start = run[0]! * blockBytes;
    const length = run.reduce((sum, block) => sum + this.cache.lengthOf(block), 0);
    const all = this.#ask(start, length);
    for (const block of run) {
      const at = block * blockBytes - start;
      const one = all.then((bytes) => bytes.subarray(at, at + this.cache.lengthOf(block)));
      this.#coming.set(block, one);
      const kept = one.then((bytes) => this.cache.put(block, bytes));
      void kept.catch(() => {}).finally(() => this.#coming.delete(block)); // who waits for the block is told
    }
  }

  #ask(position: number, length: number): Promise<Buffer> {
    return withRetries(this.transport, () => this.transport.range(position, length, this.facts));
  }
}

/** The whole file, from a server that sends no parts. It has to have its place in the cache. */
async function download(transport: Transport, complete: string, {size, version}: RemoteFacts): Promise<RandomAccess> {
  const {address: path} = transport;
  const known = size ?? (await withRetries(transport, () => count(transport)));
  const open = async (): Promise<CachedFile> =>
    CachedFile.open({name: path, complete, ...(version !== undefined && {version}), size: known});
  let cache = await open();
  const fetchAll = async (): Promise<void> => {
    if (!cache.keeps) cache = await open(); // somebody has deleted it
    await withRetries(transport, () => fill(transport, cache));
  };
  /** On its way, for all that wait for it. */
  let coming: Promise<void> | undefined;
  const blocks = Array.from({length: Math.ceil(known / blockBytes)}, (_, block) => block);
  if (!blocks.every(cache.has)) await fetchAll();
  return {
    path,
    size: known,
    async read(position, length) {
      const wanted = Math.max(0, Math.min(length, known - position));
      if (wanted === 0) return Buffer.alloc(0);
      const bytes = await cache.read(position, wanted);
      if (bytes) return bytes;
      await (coming ??= fetchAll().finally(() => (coming = undefined)));
      const again = await cache.read(position, wanted);
      if (!again) throw noRoom(transport, `${known} bytes`);
      return again;
    },
  };
}

/** The length of what the server sends. */
async function count(transport: Transport): Promise<number> {
  let bytes = 0;
  const most = dataCacheBytes();
  for await (const piece of await transport.whole())
    if ((bytes += piece.length) > most) throw noRoom(transport, `more than ${most} bytes`);
  return bytes;
}

/** @throws GanError GAN_DATA_REFUSED as soon as the cache does not take it */
async function fill(transport: Transport, cache: CachedFile): Promise<void> {
  const full = (): GanError => noRoom(transport, `${cache.size} bytes`);
  if (!cache.keeps) throw full();
  let pending: Buffer[] = [];
  let [waiting, block, total] = [0, 0, 0];
  const put = async (): Promise<void> => {
    const bytes = Buffer.concat(pending);
    const length = cache.lengthOf(block);
    await cache.put(block, bytes.subarray(0, length));
    if (!cache.has(block++)) throw full();
    pending = bytes.length > length ? [bytes.subarray(length)] : [];
    waiting = bytes.length - length;
  };
  for await (const piece of await transport.whole()) {
    total += piece.length;
    if (total > cache.size) throw changedThere(transport.address, `it had ${cache.size} bytes, now it has more`);
    pending.push(Buffer.from(piece));
    waiting += piece.length;
    while (waiting >= blockBytes) await put();
  }
  if (total < cache.size) throw cutOff();
  if (waiting > 0) await put();
}

const noRoom = ({address, host}: Transport, size: string): GanError =>
  new GanError(
    'data',
    'GAN_DATA_REFUSED',
    `${host} sends ${address} as a whole only, ${size}, and there is no room for it in the cache.`,
    {
      suggestions: [
        'GAN_DATA_CACHE=100G gan ...   makes the cache larger; GAN_CACHE_DIR=FOLDER puts it on another disk.',
        'Or download the file, and give its path.',
      ],
    },
  );
