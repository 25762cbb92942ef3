/**
 * Tar archives (POSIX.1-2017, pax; GNU), and WebDataset's shards, whose members of one name belong together: `1.jpg`,
 * `1.cls`, `1.json` (https://github.com/webdataset/webdataset).
 */
import {BufferedReads, openRandomAccess, type RandomAccess} from '../../io/random-access-file.js';
import {isImageName} from '../image-files.js';
import {archiveRecords, memberName, type Member} from './archive.js';
import {wrongFile} from './format-error.js';
import type {Label} from './labels.js';
import {labelOf} from './list.js';
import type {Records} from './types.js';

interface TarMember extends Member {
  position: number;
}

const block = 512;
/** Bytes of a long name or of pax records: paths have 4,096 bytes at most. */
const mostNameBytes = 1 << 20;
/** Bytes of a member with a label. */
const mostLabelBytes = 64 << 10;

/** Whether a file begins as a tar archive does: with a block whose checksum is right. */
export const isTarBlock = (bytes: Uint8Array): boolean => {
  if (bytes.length < block) return false;
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, block);
  return header[0] !== 0 && octal(header, 148, 8) === checksum(header);
};

/**
 * The pictures of a tar archive, which is not unpacked: one pass over its headers tells where they are.
 * @throws GanError GAN_DATA_FORMAT when it is broken, cut short, or names files outside of it; GAN_DATA_EMPTY
 */
export async function tarRecords(path: string): Promise<Records> {
  const file = await openRandomAccess(path);
  const members: TarMember[] = [];
  const labels = new Map<string, Label>();
  const pictures = new Map<string, string[]>();
  let leftOut = 0;
  for await (const member of walk(file, () => leftOut++)) {
    members.push(member);
    const {name} = member;
    if (isImageName(name)) {
      const key = keyOf(name);
      const same = pictures.get(key);
      if (same) same.push(name);
      else pictures.set(key, [name]);
    } else if (member.label !== undefined) labels.set(keyOf(name), member.label);
  }
  const ofPictures = new Map(
    [...labels].flatMap(([key, label]) => (pictures.get(key) ?? []).map((name) => [name, label] as const)),
  );
  return archiveRecords<TarMember>({
    kind: ofPictures.size > 0 ? 'WebDataset shard' : 'tar archive',
    path,
    members,
    leftOut,
    labels: ofPictures,
    known: (name) => isLabelName(name) && pictures.has(keyOf(name)),
    read: ({position, bytes}) => file.read(position, bytes),
  });
}

/** What WebDataset's members of one sample have in common: all up to the first dot after the folders. */
const keyOf = (name: string): string => /^((?:.*\/)?[^/.]+)\./.exec(name)?.[1] ?? name;
const isLabelName = (name: string): boolean => /\.(cls|json|txt)$/.test(name);

/** The files of an archive. Links to files before them are these files; other links and devices are left out. */
async function* walk(file: RandomAccess, leaveOut: () => void): AsyncGenerator<TarMember & {label?: Label}> {
  const {path, size} = file;
  const reads = new BufferedReads(file);
  const places = new Map<string, {position: number; bytes: number}>();
  const broken = (what: string): Error => wrongFile(path, `is a broken tar archive, or cut short: ${what}`);
  let next: {name?: string; link?: string; bytes?: number; isSparse?: boolean} = {};
  for (let at = 0; ;) {
    const header = await reads.read(at, block);
    if (header.length < block) throw broken(`it ends at ${size} bytes without the blocks that mark its end`);
    if (header.every((byte) => byte === 0)) return;
    if (octal(header, 148, 8) !== checksum(header)) throw broken(`there is no header at ${at}`);
    const bytes = next.bytes ?? number(header, 124, 12);
    const type = String.fromCharCode(header[156]!);
    const hasContent = !'123456'.includes(type);
    const position = at + block;
    const end = position + (hasContent ? Math.ceil(bytes / block) * block : 0);
    if (!Number.isSafeInteger(bytes) || bytes < 0 || (hasContent && position + bytes > size))
      throw broken(`the member at ${at} says that it has ${bytes} bytes`);
    at = end;
    if ('xgLK'.includes(type)) {
      if (bytes > mostNameBytes) throw broken(`a name at ${position} has ${bytes} bytes`);
      const text = await reads.read(position, bytes);
      if (type === 'L') next.name = string(text, 0, bytes);
      else if (type === 'K') next.link = string(text, 0, bytes);
      else if (type === 'x') next = {...next, ...paxRecords(text, broken)};
      continue;
    }
    const {name = nameOf(header), link = string(header, 157, 100), isSparse = false} = next;
    next = {};
    if (type === '1') {
      const target = places.get(memberName(link, path));
      if (target) yield {...target, name: memberName(name, path)};
      else leaveOut();
      continue;
    }
    if (type === '5' || name.endsWith('/')) continue;
    if (!['0', '\0', '7'].includes(type) || isSparse) {
      leaveOut();
      continue;
    }
    const member = {name: memberName(name, path), position, bytes};
    places.set(member.name, member);
    if (!/\.(cls|json)$/.test(member.name) || bytes > mostLabelBytes) yield member;
    else yield {...member, label: labelIn(member.name, await reads.read(position, bytes))};
  }
}

/** The label in a member of its own; undefined: it has none. */
function labelIn(name: string, bytes: Buffer): Label {
  const text = bytes.toString().trim();
  if (name.endsWith('.cls')) return /^\d+$/.test(text) ? Number(text) : text === '' ? undefined : text;
  try {
    const {label, cls, class: own, category} = JSON.parse(text) as Record<string, unknown>;
    return labelOf(label ?? cls ?? own ?? category);
  } catch {
    return undefined; // JSON about something else
  }
}

/** `27 path=folder/a long name\n`, one after the other. */
function paxRecords(
  text: Buffer,
  broken: (what: string) => Error,
): {name?: string; link?: string; bytes?: number; isSparse?: boolean} {
  const found: ReturnType<typeof paxRecords> = {};
  for (let at = 0; at < text.length && text[at] !== 0;) {
    const blank = text.indexOf(' ', at);
    const length = blank < 0 ? 0 : Number(text.toString('latin1', at, blank));
    const end = at + length;
    if (!Number.isInteger(length) || length < 5 || end > text.length) throw broken('its pax records are wrong');
    const [, key, value = ''] = /^([^=]*)=([^]*)\n$/.exec(text.toString('utf8', blank + 1, end)) ?? [];
    if (key === 'path') found.name = value;
    else if (key === 'linkpath') found.link = value;
    else if (key === 'size') found.bytes = Number(value);
    else if (key?.startsWith('GNU.sparse.')) found.isSparse = true;
    at = end;
  }
  return found;
}

/** The name in a header; POSIX continues long ones in a field of its own. */
function nameOf(header: Buffer): string {
  const name = string(header, 0, 100);
  const isPosix = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? string(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function string(bytes: Buffer, from: number, length: number): string {
  const end = bytes.subarray(from, from + length).indexOf(0);
  return bytes.toString('utf8', from, from + (end < 0 ? length : end));
}

const octal = (bytes: Buffer, from: number, length: number): number => {
  const digits = bytes
    .toString('latin1', from, from + length)
    .replace(/[\0 ]+$/, '')
    .trim();
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : digits === '' ? 0 : NaN;
};

/** Octal digits; or, as GNU has it for 8 GiB and more, 0x80 and a big-endian number. */
function number(header: Buffer, from: number, length: number): number {
  if (header[from] !== 0x80) return octal(header, from, length);
  return header.subarray(from + 1, from + length).reduce((value, byte) => value * 256 + byte, 0);
}

/** The sum of the bytes, with blanks in the place of the checksum. */
const checksum = (header: Buffer): number => {
  let sum = 8 * 0x20;
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) sum += header[i]!;
  return sum;
};
