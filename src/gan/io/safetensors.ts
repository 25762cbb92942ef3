/**
 * The safetensors format (https://github.com/huggingface/safetensors): 8 bytes of header length, a JSON header, the
 * tensors' bytes, all little-endian. F32 and I64 are what the networks here need; F16 is written on demand, and read as
 * F32.
 */
import {GanError} from '../../errors.js';
import type {StateDict, StateTensor} from '../module.js';
import {writeFileAtomic} from './atomic-write.js';
import {fromFloat16, largestHalf, toFloat16} from './float16.js';
import {readRegular, unreadable} from './read-file.js';
import {JsonError, isRecord, parseJson} from '../../options/json.js';

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const elementBytes = {F16: 2, F32: 4, I64: 8} as const;

/** What the numbers of weights are written as. Half-precision halves the file, and keeps three decimal digits. */
export type WeightType = 'float32' | 'float16';

/**
 * The bytes of a safetensors file that holds `tensors` and, as its metadata, `metadata`.
 * @param type of what is F32; counts stay I64
 * @throws GanError GAN_HALF_PRECISION (exit 2) for a number that half-precision cannot have
 */
export function encodeSafetensors(
  tensors: StateDict,
  metadata: Record<string, string> = {},
  type: WeightType = 'float32',
): Buffer {
  if (type === 'float16')
    return encode(new Map([...tensors].map(([name, each]) => [name, halved(name, each)])), metadata);
  return encode(tensors, metadata);
}

interface FileTensor {
  dtype: keyof typeof elementBytes;
  shape: number[];
  data: Float32Array | BigInt64Array | Uint16Array;
}

const halved = (name: string, tensor: StateTensor): FileTensor =>
  tensor.data instanceof Float32Array
    ? {dtype: 'F16', shape: tensor.shape, data: halfPrecision(name, tensor.data)}
    : tensor;

/**
 * Numbers in half-precision, as their bits.
 * @param name what to call them in an error
 * @throws GanError GAN_HALF_PRECISION (exit 2) for a number of more than 65504, which would become infinite
 */
export function halfPrecision(name: string, data: Float32Array): Uint16Array {
  const halves = toFloat16(data);
  const lost = data.find((value, i) => Number.isFinite(value) && (halves[i]! & 0x7fff) === 0x7c00);
  if (lost === undefined) return halves;
  throw new GanError(
    'usage',
    'GAN_HALF_PRECISION',
    `${name} has the value ${lost.toPrecision(4)}, and numbers in half-precision end at ${largestHalf}`,
    {suggestions: ['Leave out --dtype float16: the weights are then written as they are, in 32 bits.']},
  );
}

function encode(tensors: ReadonlyMap<string, FileTensor>, metadata: Record<string, string>): Buffer {
  const header: Record<string, HeaderEntry | Record<string, string>> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let offset = 0;
  for (const [name, {dtype, shape, data}] of tensors) {
    header[name] = {dtype, shape, data_offsets: [offset, offset + data.byteLength]};
    offset += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const json = Buffer.concat([text, Buffer.alloc(-text.byteLength & 7, ' ')]); // tensors start at a multiple of 8 bytes
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  const parts = [...tensors.values()].map(({data}) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return Buffer.concat([length, json, ...parts]);
}

/**
 * The tensors and metadata of a safetensors file's bytes.
 * @param origin what to call the file in an error
 * @throws GanError GAN_FILE_BROKEN
 */
export function decodeSafetensors(
  bytes: Buffer,
  origin: string,
): {tensors: StateDict; metadata: Record<string, string>} {
  const broken = (why: string): GanError =>
    new GanError('data', 'GAN_FILE_BROKEN', `${origin} is not an intact safetensors file: ${why}`);
  if (bytes.byteLength < 8) throw broken(`it has ${bytes.byteLength} bytes`);
  const length = Number(bytes.readBigUInt64LE());
  if (8 + length > bytes.byteLength) throw broken(`its header of ${length} bytes goes past its end`);
  if (length > mostHeaderBytes) throw broken(`its header has ${length} bytes, and at most ${mostHeaderBytes} are read`);
  const text = bytes.toString('utf8', 8, 8 + length);
  let header: unknown;
  try {
    header = parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw broken(`its header ${error.message}`);
    throw error;
  }
  if (!isRecord(header)) throw broken('its header is no object');
  const {__metadata__: metadata = {}, ...entries} = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string'))
    throw broken('its metadata are no texts by name');
  const body = bytes.subarray(8 + length);
  const tensors: StateDict = new Map();
  for (const [name, entry] of Object.entries(entries)) tensors.set(name, readTensor(body, name, entry, broken));
  assertGapless(entries as Record<string, HeaderEntry>, body.byteLength, broken);
  if (countKeys(text) !== Object.keys(header).length) throw broken('its header has a tensor twice');
  return {tensors, metadata: metadata as Record<string, string>};
}

/** The format's own bound, in bytes. */
const mostHeaderBytes = 100_000_000;

/** The format wants tensors side by side, from the first byte after the header to the last. */
function assertGapless(
  entries: Readonly<Record<string, HeaderEntry>>,
  length: number,
  broken: (why: string) => GanError,
): void {
  let [end, before] = [0, 'the header'];
  const places = Object.entries(entries).map(([name, {data_offsets}]) => ({name, data_offsets}));
  for (const {name, data_offsets} of places.sort(
    (a, b) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  )) {
    const [begin, to] = data_offsets;
    if (begin < end) throw broken(`tensor '${name}' overlaps '${before}'`);
    if (begin > end) throw broken(`${begin - end} bytes before tensor '${name}' belong to none`);
    [end, before] = [to, name];
  }
  if (end < length) throw broken(`its last ${length - end} bytes belong to no tensor`);
}

/** Keys of the outermost object of a JSON text, each as often as it stands there; `JSON.parse` keeps the last. */
function countKeys(json: string): number {
  let [depth, keys, isText] = [0, 0, false];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (isText) {
      if (character === '\\') i++;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ':' && depth === 1) keys++;
  }
  return keys;
}

function readTensor(body: Buffer, name: string, entry: unknown, broken: (why: string) => GanError): StateTensor {
  if (!isEntry(entry)) throw broken(`tensor '${name}' has no type, shape and place that can be read`);
  const {
    dtype,
    shape,
    data_offsets: [begin, end],
  } = entry;
  if (dtype !== 'F32' && dtype !== 'I64' && dtype !== 'F16')
    throw broken(`tensor '${name}' is of type ${dtype}; F32, F16 and I64 can be read`);
  const wanted = shape.reduce((a, b) => a * b, 1) * elementBytes[dtype];
  if (end > body.byteLength || end - begin !== wanted)
    throw broken(`tensor '${name}' of shape [${shape.join(', ')}] lies at ${begin} to ${end}`);
  const copy = Uint8Array.from(body.subarray(begin, end)).buffer; // aligned
  if (dtype === 'F16') return {dtype: 'F32', shape, data: fromFloat16(new Uint16Array(copy))};
  return {dtype, shape, data: dtype === 'F32' ? new Float32Array(copy) : new BigInt64Array(copy)};
}

function isEntry(entry: unknown): entry is HeaderEntry {
  const {dtype, shape, data_offsets} = (entry ?? {}) as Partial<HeaderEntry>;
  const areCounts = (values: unknown): boolean =>
    Array.isArray(values) && values.every((value) => Number.isSafeInteger(value) && value >= 0);
  return typeof dtype === 'string' && areCounts(shape) && areCounts(data_offsets) && data_offsets?.length === 2;
}

export async function readSafetensors(path: string): Promise<{tensors: StateDict; metadata: Record<string, string>}> {
  const bytes = await readRegular(path);
  if (!bytes) throw unreadable(path, 'there is no such file');
  return decodeSafetensors(bytes, path);
}

/** Writes a file that is either whole or not there. See `encodeSafetensors`. */
export async function writeSafetensors(
  path: string,
  tensors: StateDict,
  metadata: Record<string, string> = {},
  type: WeightType = 'float32',
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata, type));
}
