/** Writes packed sets: pictures that are decoded and resized once, for all trainings. */
import {createHash} from 'node:crypto';
import {open, rm, stat, type FileHandle} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {crc32} from 'node:zlib';
import {GanError, isGanError, messageOf} from '../../errors.js';
import {isRecord} from '../../options/json.js';
import {atPath} from '../../system-error.js';
import {renameDurably, writeFileAtomic} from '../io/atomic-write.js';
import {isHere, livingHolder, nameOf, takeLock, type Holder} from '../io/file-lock.js';
import {readRegularFile} from '../io/regular-file.js';
import {inOrder} from './concurrency.js';
import type {DecodeOptions} from './decode-options.js';
import {pictureReader} from './record-source.js';
import {bytesOfShorts} from './records/shorts.js';
import {isPacked, packedFormat, packedHeader, packedHeaderBytes} from './records/packed.js';
import type {Records} from './records/types.js';
import type {SkippedItem} from './types.js';

export interface PackOptions extends DecodeOptions {
  /** Files to spread the pictures over. Default 1. */
  shards?: number;
  /** Told how many pictures of all shards have been looked at. */
  progress?(done: number): void;
  /** Ends the packing between two pictures; what is done is kept. */
  signal?: AbortSignal;
}

/** What packing made. */
export interface Packed {
  files: string[];
  /** Pictures in them. */
  pictures: number;
  /** Those that could not be read. */
  skipped: SkippedItem[];
  /** Pictures that were there already, from before. */
  resumed: number;
  /** True if the signal ended it: to go on, do it again. */
  interrupted: boolean;
}

/** How far a shard is, in a file beside it. */
interface Progress {
  key: string;
  /** Pictures of the source that were looked at. */
  done: number;
  /** Those that are in the file; CRC-32 of all of their bytes, one after the other. */
  kept: number[];
  crc: number;
  skipped: SkippedItem[];
}

/** Bytes after which progress is kept. */
const keepEvery = 64 << 20;

/**
 * Packs pictures into a safetensors file, or several: `FILE-00000-of-00004.safetensors`. A packing that was stopped
 * goes on where it was, shards that are there stay. Each file gets its name when it is whole.
 * @throws GanError GAN_FILE_IN_USE while another process packs into it; GAN_PATH when there is a file of that name with
 * something else in it; GAN_DATA_BROKEN when no picture of a shard can be read; of the data
 */
export async function packRecords(records: Records, file: string, options: PackOptions): Promise<Packed> {
  const {shards = 1, signal, progress = () => {}, ...decode} = options;
  const lock = await takeLock(`${file}.lock`, (holder) => inUse(file, holder));
  try {
    const assertHeld = (): void => {
      if (!lock.check()) throw inUse(file, livingHolder(lock.path) ?? {beat: 0});
    };
    return await packShards(records, file, {shards, decode, progress, assertHeld, ...(signal && {signal})});
  } finally {
    lock.release();
  }
}

const inUse = (file: string, holder: Holder): GanError =>
  new GanError(
    'usage',
    'GAN_FILE_IN_USE',
    `The ${nameOf(holder) ?? `process that holds ${file}.lock`} is writing ${file}.`,
    {
      suggestions: [
        'Wait until it has ended, or use another name.',
        ...(isHere(holder) ? [] : [`If that process no longer exists: delete ${file}.lock`]),
      ],
    },
  );

type Packing = {shards: number; decode: DecodeOptions} & Pick<Shard, 'signal' | 'progress' | 'assertHeld'>;

async function packShards(records: Records, file: string, packing: Packing): Promise<Packed> {
  const {shards, decode, signal, progress, assertHeld} = packing;
  const {some: _, ...identity} = await records.identify(); // packs of earlier versions go on
  const result: Packed = {files: [], pictures: 0, skipped: [], resumed: 0, interrupted: false};
  for (let shard = 0; shard < shards && !result.interrupted; shard++) {
    const [from, to] = [shard, shard + 1].map((i) => Math.floor((i * records.size) / shards)) as [number, number];
    if (from === to) continue;
    const path = shards === 1 ? file : shardName(file, shard, shards);
    const key = createHash('sha256')
      .update(JSON.stringify([identity, decode, from, to]))
      .digest('hex');
    const made = packShard(records, path, {decode, from, to, key, ...(signal && {signal}), progress, assertHeld});
    const packed = await atPath(path, made);
    result.files.push(path);
    result.pictures += packed.pictures;
    result.resumed += packed.resumed;
    result.skipped.push(...packed.skipped);
    result.interrupted = packed.interrupted;
  }
  return result;
}

const shardName = (file: string, shard: number, shards: number): string => {
  const number = (n: number): string => String(n).padStart(5, '0');
  const stem = basename(file).replace(/\.safetensors$/, '');
  return join(dirname(file), `${stem}-${number(shard)}-of-${number(shards)}.safetensors`);
};

interface Shard {
  decode: DecodeOptions;
  from: number;
  to: number;
  key: string;
  signal?: AbortSignal;
  progress(done: number): void;
  /** @throws GanError GAN_FILE_IN_USE once another process packs, for instance as this one was suspended */
  assertHeld(): void;
}

async function packShard(
  records: Records,
  path: string,
  {decode, from, to, key, signal, progress, assertHeld}: Shard,
): Promise<Omit<Packed, 'files'>> {
  const there = await packedBefore(path, key);
  if (there !== undefined) {
    progress(to);
    return {pictures: there, skipped: [], resumed: there, interrupted: false};
  }
  const [part, state] = [`${path}.part`, `${path}.part.json`];
  const read = pictureReader(records, decode);
  const shape = [...decode.size, decode.channels ?? 3];
  const item = shape.reduce((product, side) => product * side, decode.depth === 16 ? 2 : 1); // bytes
  const output = await open(part, (await stat(part).catch(() => undefined)) ? 'r+' : 'w+');
  try {
    const before = await readProgress(state, key);
    const sums = before && (await checksums(output, before, item));
    const at: Progress = sums ? before : {key, done: from, kept: [], crc: 0, skipped: []};
    const crcs = sums ?? [];
    const resumed = at.kept.length;
    let unsaved = 0;
    const save = async (): Promise<void> => {
      assertHeld();
      await output.sync();
      await writeFileAtomic(state, JSON.stringify(at));
      unsaved = 0;
    };
    /** Nothing in the files is of use. */
    const discard = async (): Promise<void> => {
      assertHeld();
      for (const file of [part, state]) await rm(file, {force: true});
    };
    await inOrder(
      to,
      async (index) => {
        if (signal?.aborted) return () => {};
        try {
          const pixels = await read(index);
          const picture = pixels instanceof Uint16Array ? bytesOfShorts(pixels) : pixels;
          return async () => {
            await writeAll(output, picture, packedHeaderBytes + at.kept.length * item);
            at.kept.push(index);
            crcs.push(crc32(picture));
            at.crc = crc32(picture, at.crc);
            at.done = index + 1;
            progress(at.done);
            if ((unsaved += item) >= keepEvery) await save();
          };
        } catch (error) {
          if (isGanError(error)) throw error;
          const reason = messageOf(error).trim().split('\n')[0]!;
          return () => {
            at.skipped.push({path: records.describe(index), reason});
            at.done = index + 1;
            progress(at.done);
          };
        }
      },
      at.done,
    ).catch(async (error: unknown) => {
      await (at.kept.length > 0 ? save() : discard()).catch(() => {}); // what went wrong first is told
      throw error;
    });
    const {kept, skipped} = at;
    if (at.done < to) {
      await save();
      return {pictures: kept.length, skipped, resumed, interrupted: true};
    }
    if (kept.length === 0) {
      await discard();
      throw allBroken(records, skipped);
    }
    assertHeld();
    await writeRest(output, records, {kept, crcs, shape, key, decode});
    await output.sync();
    await renameDurably(part, path);
    await rm(state, {force: true});
    return {pictures: kept.length, skipped, resumed, interrupted: false};
  } finally {
    await output.close();
  }
}

/** How many pictures a finished file of the same key holds; undefined: there is no file. @throws GanError GAN_PATH */
async function packedBefore(path: string, key: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  if (found.isFile()) {
    const file = await open(path);
    try {
      const {buffer} = await file.read(Buffer.alloc(packedHeaderBytes), 0, packedHeaderBytes, 0);
      if (isPacked(buffer)) {
        const {tensors, metadata} = packedHeader(buffer, found.size, path);
        if (metadata['key'] === key) return tensors.get('images')!.shape[0]!;
      }
    } finally {
      await file.close();
    }
  }
  throw new GanError('usage', 'GAN_PATH', `${path} is there already, and holds something else`, {
    suggestions: ['Use another name, or delete the file.'],
  });
}

async function readProgress(state: string, key: string): Promise<Progress | undefined> {
  try {
    const found: unknown = JSON.parse((await readRegularFile(state)).toString());
    if (isRecord(found) && found['key'] === key && Array.isArray(found['kept'])) return found as unknown as Progress;
  } catch {
    // there is none, or the disk has damaged it: packing begins anew
  }
  return undefined;
}

/** The checksum of each picture of a part; undefined where these are not the pictures that were written. */
async function checksums(file: FileHandle, {kept, crc}: Progress, item: number): Promise<number[] | undefined> {
  const sums: number[] = [];
  const picture = Buffer.alloc(item);
  let all = 0;
  for (let i = 0; i < kept.length; i++) {
    const {bytesRead} = await file.read(picture, 0, item, packedHeaderBytes + i * item);
    if (bytesRead < item) return undefined;
    sums.push(crc32(picture));
    all = crc32(picture, all);
  }
  return all === crc ? sums : undefined;
}

interface Contents {
  kept: readonly number[];
  crcs: readonly number[];
  shape: readonly number[];
  key: string;
  decode: DecodeOptions;
}

/** What follows the pictures, and the header before them. */
async function writeRest(
  file: FileHandle,
  {name, labels, path}: Records,
  {kept, crcs, shape, key, decode}: Contents,
): Promise<void> {
  const isDeep = decode.depth === 16;
  const images = shape.reduce((product, side) => product * side, (isDeep ? 2 : 1) * kept.length);
  const numbers = (values: readonly number[], isSigned: boolean): Buffer => {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, i) => (isSigned ? bytes.writeInt32LE(value, 4 * i) : bytes.writeUInt32LE(value, 4 * i)));
    return bytes;
  };
  const text = (values: readonly string[]): Buffer => Buffer.from(JSON.stringify(values));
  const tensors: PackedTensor[] = [
    ['checksums', 'U32', numbers(crcs, false), 4],
    ...(labels ? labelTensors(labels, kept, numbers, text) : []),
    ['names', 'U8', text(kept.map((index) => name(index))), 1],
  ];
  const header: Record<string, unknown> = {
    __metadata__: {format: packedFormat, source: basename(path).slice(0, 500), resize: decode.resize ?? 'crop', key},
    images: {dtype: isDeep ? 'U16' : 'U8', shape: [kept.length, ...shape], data_offsets: [0, images]},
  };
  let at = images;
  for (const [tensor, dtype, bytes, element] of tensors) {
    header[tensor] = {dtype, shape: [bytes.length / element], data_offsets: [at, at + bytes.length]};
    await writeAll(file, bytes, packedHeaderBytes + at);
    at += bytes.length;
  }
  await file.truncate(packedHeaderBytes + at);
  const bytes = Buffer.alloc(packedHeaderBytes, ' ');
  bytes.writeBigUInt64LE(BigInt(packedHeaderBytes - 8));
  bytes.write(JSON.stringify(header), 8);
  await writeAll(file, bytes, 0);
}

type PackedTensor = [name: string, dtype: string, bytes: Buffer, element: number];

/** The labels of the pictures that were kept. */
function labelTensors(
  {classes, of, several}: NonNullable<Records['labels']>,
  kept: readonly number[],
  numbers: (values: readonly number[], isSigned: boolean) => Buffer,
  text: (values: readonly string[]) => Buffer,
): PackedTensor[] {
  const own: PackedTensor = several
    ? [
        'attributes',
        'U8',
        Buffer.concat(kept.map((index) => several.subarray(index * classes.length, (index + 1) * classes.length))),
        1,
      ]
    : [
        'labels',
        'I32',
        numbers(
          kept.map((index) => of[index]!),
          true,
        ),
        4,
      ];
  return [own, ['classes', 'U8', text(classes), 1]];
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

const allBroken = ({path}: Records, [example]: readonly SkippedItem[]): GanError =>
  new GanError(
    'data',
    'GAN_DATA_BROKEN',
    `no picture of ${path} can be read; for example ${example?.path}: ${example?.reason}`,
    {
      suggestions: [
        'Check that the files are complete images, readable by this user, and that their disk is still there.',
      ],
    },
  );
