/**
 * TensorBoard's event files: records of Event messages. Field numbers are those of tensorboard/compat/proto/event.proto
 * and summary.proto.
 */
import {truncate, writeFile} from 'node:fs/promises';
import {appendWhole} from '../gan/io/append.js';
import {
  bytesField,
  doubleField,
  doublesField,
  floatField,
  message,
  readFields,
  varintField,
} from '../gan/io/protobuf.js';
import {openRegular} from '../gan/io/read-file.js';
import {decodeRecords, encodeRecord} from '../gan/io/tfrecord.js';
import {atPath} from '../system-error.js';

/** A file that each session of a run begins anew. Events are gathered; `flush` writes them, all or none. */
export class EventFile {
  readonly #name: () => Promise<string>;
  #path: string | undefined;
  #events: Uint8Array[] = [];

  /**
   * @param name gives one that is free, when the file is made
   * @param goesOnAfter step after which earlier files of the run hold nothing that counts
   */
  constructor(name: () => Promise<string>, goesOnAfter: number) {
    this.#name = name;
    this.#add(0, bytesField(3, 'brain.Event:2'));
    // SessionLog.START: a reader drops what it has from there on
    if (goesOnAfter > 0) this.#add(goesOnAfter + 1, bytesField(7, varintField(1, 1)));
  }

  scalars(step: number, values: Readonly<Record<string, number>>): void {
    this.#summary(
      step,
      Object.entries(values).map(([tag, value]) => [tag, floatField(2, value)]),
    );
  }

  /** @param channels as in the PNG: 1 grey, 2 grey with alpha, 3 RGB, 4 RGBA */
  image(
    step: number,
    tag: string,
    png: Uint8Array,
    {width, height, channels}: {width: number; height: number; channels: number},
  ): void {
    const image = message(varintField(1, height), varintField(2, width), varintField(3, channels), bytesField(4, png));
    this.#summary(step, [[tag, bytesField(4, image)]]);
  }

  histogram(step: number, tag: string, values: Float32Array): void {
    const {min, max, sum, sumOfSquares, limits, counts} = countValues(values);
    const histogram = message(
      doubleField(1, min),
      doubleField(2, max),
      doubleField(3, values.length),
      doubleField(4, sum),
      doubleField(5, sumOfSquares),
      doublesField(6, limits),
      doublesField(7, counts),
    );
    this.#summary(step, [[tag, bytesField(5, histogram)]]);
  }

  async flush(): Promise<void> {
    const count = this.#events.length;
    if (count === 0) return;
    this.#path ??= await this.#make();
    await atPath(this.#path, appendWhole(this.#path, Buffer.concat(this.#events.slice(0, count))));
    this.#events.splice(0, count);
  }

  /** Makes the file, under the first name that no other process takes. */
  async #make(): Promise<string> {
    for (;;) {
      const path = await this.#name();
      try {
        await writeFile(path, '', {flag: 'wx'});
        return path;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  #summary(step: number, values: readonly (readonly [tag: string, value: Uint8Array])[]): void {
    this.#add(
      step,
      bytesField(5, message(...values.map(([tag, value]) => bytesField(1, message(bytesField(1, tag), value))))),
    );
  }

  #add(step: number, what: Uint8Array): void {
    this.#events.push(encodeRecord(message(doubleField(1, Date.now() / 1000), varintField(2, step), what)));
  }
}

/** Cuts an event file off before the first event that `isPast` refuses, or that is broken. */
export async function rewindEvents(
  path: string,
  isPast: (event: {step: number; tags: string[]}) => boolean,
): Promise<void> {
  const file = await openRegular(path);
  if (!file) return;
  let end = 0; // of the events to keep
  try {
    const {size} = await file.stat();
    let rest: Buffer = Buffer.alloc(0); // what follows `end`, as far as it has been read
    while (end < size && rest.length < longestEvent) {
      const {buffer, bytesRead} = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, end + rest.length);
      const bytes: Buffer = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      const records = decodeRecords(bytes);
      const later = records.findIndex(({data}) => !isPast(describe(data)));
      const kept = (later === -1 ? records : records.slice(0, later)).at(-1)?.end ?? 0;
      end += kept;
      rest = bytes.subarray(kept);
      if (later !== -1 || bytesRead === 0) break;
    }
    if (end === size) return;
  } finally {
    await file.close();
  }
  await truncate(path, end);
}

const chunkBytes = 1 << 22;
/** Events larger than this are broken, in bytes. */
const longestEvent = 1 << 28;

function describe(event: Uint8Array): {step: number; tags: string[]} {
  const fields = readFields(event);
  const step = fields.find(([field]) => field === 2)?.[1] ?? 0;
  const within = (values: [number, number | Uint8Array][], wanted: number) =>
    values.flatMap(([field, value]) => (field === wanted && typeof value !== 'number' ? [value] : []));
  const tags = within(fields, 5)
    .flatMap((summary) => within(readFields(summary), 1))
    .flatMap((value) => within(readFields(value), 1));
  return {step: Number(step), tags: tags.map((tag) => Buffer.from(tag).toString())};
}

const buckets = 40;

/** Counts in buckets of equal width from the smallest to the largest value. */
function countValues(values: Float32Array) {
  let [min, max, sum, sumOfSquares] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    sumOfSquares += value * value;
  }
  const width = (max - min) / buckets;
  const counts = new Array<number>(width > 0 ? buckets : 1).fill(0);
  for (const value of values) counts[width > 0 ? Math.min(buckets - 1, Math.floor((value - min) / width)) : 0]!++;
  const limits = counts.map((_, i) => (i === counts.length - 1 ? max : min + (i + 1) * width));
  return {min, max, sum, sumOfSquares, limits, counts};
}
