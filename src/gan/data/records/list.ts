/**
 * Lists of pictures with labels: StyleGAN's dataset.json, JSON, JSON lines (metadata.jsonl of Hugging Face), CSV.
 * https://github.com/NVlabs/stylegan3#preparing-datasets, https://huggingface.co/docs/datasets/image_dataset
 */
import {createHash} from 'node:crypto';
import {stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {completeAddress, isAddress, lastName, publicAddress} from '../../../address.js';
import {GanError, isGanError, messageOf} from '../../../errors.js';
import {systemError} from '../../../system-error.js';
import {identifyFiles, identifySome} from '../identity.js';
import {placeBeside, readWhole} from '../../io/beside.js';
import {NoRegularFile} from '../../io/regular-file.js';
import type {WholeFiles} from '../../io/remote/whole-files.js';
import {VanishedFiles} from '../vanished.js';
import {noPictures, wrongFile} from './format-error.js';
import {labelsFrom, type Label} from './labels.js';
import {mostPictureBytes, type Labels, type Records, type StoredImage} from './types.js';

/** A picture of a list. */
export interface Listed {
  /** Relative to the list, with `/` between folders; or absolute, or an address. */
  file: string;
  label: Label;
}

/** Bytes that a list may have: one of ImageNet's 1.3 million files has 60 MB. */
export const mostListBytes = 256 << 20;

/** Lists that tell the labels of the pictures beside and below them. */
const sideLists: readonly string[] = ['dataset.json', 'metadata.jsonl', 'metadata.csv', 'labels.csv'];
export const isSideList = (name: string): boolean => sideLists.includes(name.slice(name.lastIndexOf('/') + 1));

const fileNames = ['file_name', 'filename', 'file', 'path', 'image', 'image_id', 'img', 'name'];
export const labelNames: readonly string[] = [
  'label',
  'class',
  'category',
  'target',
  'label_id',
  'class_id',
  'category_id',
  'cls',
  'y',
  'labels',
  'attributes',
  'tags',
];

/** What a list may be called. */
export const isListName = (name: string): boolean => /\.(json|jsonl|ndjson|csv|tsv)$/i.test(name);

/**
 * Reads a list by its name's ending.
 * @throws GanError GAN_DATA_FORMAT
 */
export function parseList(bytes: Uint8Array, path: string): Listed[] {
  const text = new TextDecoder().decode(bytes); // drops a byte order mark
  const name = lastName(path);
  if (/\.[ct]sv$/i.test(name)) return ofTable(text, path);
  if (/\.json$/i.test(name)) return ofJson(parsed(text, path), path);
  return text
    .split(/\r?\n/)
    .flatMap((line, i) => (line.trim() === '' ? [] : [ofItem(parsed(line, `${path}:${i + 1}`), path)]));
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw wrongFile(where, `is no JSON: ${(cause as Error).message}`, undefined, cause);
  }
}

function ofJson(value: unknown, path: string): Listed[] {
  if (Array.isArray(value)) return value.map((item) => ofItem(item, path));
  if (typeof value === 'object' && value !== null) {
    const {labels = value} = value as {labels?: unknown};
    if (labels === null) return []; // StyleGAN's word for a set without labels
    if (Array.isArray(labels)) return labels.map((item) => ofItem(item, path));
    if (typeof labels === 'object') return Object.entries(labels).map((pair) => ofItem(pair, path));
  }
  throw wrongFile(path, 'is no list of pictures', advice);
}

function ofItem(item: unknown, path: string): Listed {
  if (typeof item === 'string') return listed(item, undefined);
  const [file, label] = Array.isArray(item) ? (item as unknown[]) : fieldsOf(item);
  if (typeof file === 'string' && file !== '') return listed(file, labelOf(label));
  throw wrongFile(path, `has an entry without a file: ${JSON.stringify(item).slice(0, 80)}`, advice);
}

function fieldsOf(item: unknown): [unknown, unknown] {
  if (typeof item !== 'object' || item === null) return [undefined, undefined];
  const has = item as Record<string, unknown>;
  const of = (names: readonly string[]): unknown => has[names.find((name) => has[name] !== undefined) ?? ''];
  return [of(fileNames), of(labelNames)];
}

/** The label that a value of JSON gives. */
export function labelOf(value: unknown): Label {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number') return value;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return namedMarks(Object.entries(value));
  if (!Array.isArray(value)) return undefined;
  if (value.every((each) => typeof each === 'string')) return value;
  return value.every(isMark) ? {marks: value.map((each) => each === 1 || each === true)} : undefined;
}

/** Whether a value says that something is, or is not: 1, or 0; CelebA has -1 for 0. */
const isMark = (value: unknown): boolean => value === 1 || value === 0 || value === -1 || typeof value === 'boolean';

/** `{"smiling": 1, "male": 0}` as the names that are said to be. */
function namedMarks(entries: readonly [string, unknown][]): Label {
  if (entries.length === 0 || !entries.every(([, value]) => isMark(value))) return undefined;
  return entries.filter(([, value]) => value === 1 || value === true).map(([name]) => name);
}

function ofTable(text: string, path: string): Listed[] {
  const head = text.split('\n', 1)[0]!.trim();
  const [first = [], ...rows] = cells(text, delimiterOf(head, path), path);
  const titles = first.map((title) => title.trim().toLowerCase());
  const column = (names: readonly string[]): number =>
    titles.indexOf(names.find((name) => titles.includes(name)) ?? '');
  const file = column(fileNames);
  const isHeader = file >= 0;
  if (!isHeader && !/\.\w+$/.test(first[0] ?? ''))
    throw wrongFile(path, `has no column of files: its first row is '${head.slice(0, 80)}'`, advice);
  const label = isHeader ? column(labelNames) : 1;
  const all = isHeader ? rows : [first, ...rows];
  const marked = label < 0 ? markedColumns(first, all, file) : [];
  return all.map((row, i) => {
    const name = row[Math.max(file, 0)] ?? '';
    if (name === '') throw wrongFile(path, `has a row ${i + 1} without a file`, advice);
    return listed(name, marked.length > 0 ? ofMarks(first, row, marked) : ofCell(row[label]));
  });
}

/**
 * Columns of a table without labels that say whether a picture has something: all that have no other cells than 1, 0,
 * -1 and empty ones, such as CelebA's.
 */
function markedColumns(titles: readonly string[], rows: readonly string[][], file: number): number[] {
  return [...titles.keys()].filter((column) => {
    const cells = rows.map((row) => (row[column] ?? '').trim());
    return column !== file && cells.some((cell) => cell !== '') && cells.every((cell) => /^(-?1|0|)$/.test(cell));
  });
}

/** The titles of the columns where a row has a 1; none where all of its cells are empty. */
function ofMarks(titles: readonly string[], row: readonly string[], columns: readonly number[]): Label {
  const cells = columns.map((column) => (row[column] ?? '').trim());
  if (cells.every((cell) => cell === '')) return undefined;
  return columns.filter((_, i) => cells[i] === '1').map((column) => titles[column]!.trim());
}

const ofCell = (cell: string | undefined): Label =>
  cell === undefined || cell.trim() === '' ? undefined : /^\d+$/.test(cell.trim()) ? Number(cell) : cell.trim();

const listed = (file: string, label: Label): Listed => ({
  file: file.replaceAll('\\', '/').replace(/^(\.\/)+/, ''),
  label,
});

const delimiterOf = (head: string, path: string): string =>
  /\.tsv$/i.test(lastName(path)) ? '\t' : ([',', '\t', ';'].find((each) => head.includes(each)) ?? ',');

/** The rows of a table as RFC 4180 has them; empty lines are left out. */
function cells(table: string, delimiter: string, path: string): string[][] {
  const text = table.replaceAll('\r\n', '\n');
  const cell = new RegExp(`(?:"([^"]*(?:""[^"]*)*)"|([^"${delimiter}\n][^${delimiter}\n]*)?)(${delimiter}|\n|$)`, 'y');
  const rows: string[][] = [];
  let row: string[] = [];
  while (cell.lastIndex < text.length || row.length > 0) {
    const [, quoted, plain = '', end] =
      cell.exec(text) ?? fail(wrongFile(path, `has a quote out of place after row ${rows.length}`, advice));
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === delimiter) continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}

function fail(error: Error): never {
  throw error;
}

const advice = [
  'Give CSV with a header, such as: file,label',
  'Or JSON as StyleGAN has it: {"labels": [["00000/img00000000.png", 6], ...]}',
];

/**
 * The labels that a list beside pictures tells of them; undefined where it tells none, or is about something else.
 * @param read the content of the list
 * @throws GanError GAN_DATA_FORMAT where it is broken: the pictures would get other labels without a word
 */
export async function sideLabels(
  read: () => Promise<Uint8Array>,
  path: string,
  names: readonly string[],
): Promise<Labels | undefined> {
  const content = await read().catch((error: unknown) => {
    if (isGanError(error)) throw error;
    throw systemError(error) ?? wrongFile(path, `cannot be read: ${messageOf(error)}`, brokenList, error);
  });
  try {
    const labels = new Map(parseList(content, path).map(({file, label}) => [file, label]));
    return labelsFrom(
      names.map((name) => labels.get(name)),
      path,
    );
  } catch (error) {
    if (!isGanError(error)) throw error;
    const {message, cause} = error;
    if (!(cause instanceof SyntaxError)) return undefined;
    throw new GanError('data', 'GAN_DATA_FORMAT', message, {suggestions: brokenList, cause});
  }
}

const brokenList = [
  'It is read for the labels of the pictures. Download or copy it again.',
  'Or take it away: the pictures then have the labels of their folders, if any.',
];

/**
 * The pictures that a list names, in its order. Those on servers are fetched as they are needed, and kept.
 * @throws GanError GAN_DATA_FORMAT, GAN_DATA_EMPTY
 */
export async function listRecords(path: string): Promise<Records> {
  const content = await readWhole(path, mostListBytes);
  const list = parseList(content, path);
  if (list.length === 0) throw noPictures(path, 'list');
  /** With all that is hidden of addresses: several may look alike. */
  const places = list.map(({file}) => {
    const place = placeBeside(path, file);
    return isAddress(place) ? completeAddress(place) : place;
  });
  const files = places.map((place) => (isAddress(place) ? publicAddress(place) : place));
  const names = list.map(({file}, i) => (isAddress(file) ? files[i]! : file));
  const labels = labelsFrom(
    list.map(({label}) => label),
    path,
  );
  const remote = files.some(isAddress) ? await remotePictures(path, content) : undefined;
  const vanished = new VanishedFiles(files.filter((file) => !isAddress(file)));
  const read = async (index: number): Promise<StoredImage> => {
    const file = files[index]!;
    if (isAddress(file)) return remote!.read(places[index]!, String(index));
    if (!(await stat(file)).isFile()) throw new NoRegularFile(`${file} is no file`);
    return file;
  };
  return {
    kind: 'list',
    path,
    files: [path, ...files],
    size: files.length,
    ...(labels && {labels}),
    name: (index) => names[index]!,
    describe: (index) => files[index]!,
    read,
    lookInto: async (index) => (isAddress(files[index]!) ? undefined : vanished.note(files[index]!)),
    identify: () => (remote ? identifySome(names, read) : identifyFiles(dirname(path), files)),
  };
}

/** Pictures of a list with this content. */
async function remotePictures(path: string, content: Buffer): Promise<WholeFiles> {
  const {WholeFiles} = await import('../../io/remote/whole-files.js');
  return new WholeFiles(`${path} ${createHash('sha256').update(content).digest('hex')}`, mostPictureBytes);
}
