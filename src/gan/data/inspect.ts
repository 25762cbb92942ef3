/** What a set of pictures holds, and what is wrong with it: found by reading each of them once. */
import {createHash} from 'node:crypto';
import {isGanError, messageOf} from '../../errors.js';
import {inOrder} from './concurrency.js';
import {decodeImage} from './decode.js';
import {toBytes} from './pixels.js';
import {fromPixels} from './record-source.js';
import {classesOfAll, countLabels} from './records/labels.js';
import {isPixels, type Records, type StoredImage} from './records/types.js';
import {loadSharp} from './sharp.js';
import type {SkippedItem} from './types.js';

/** Pictures of one kind, and how many. */
export interface Count {
  what: string;
  count: number;
}

export interface Inspection {
  /** Pictures in the set, the broken ones included. */
  pictures: number;
  /** Width and height in pixels, `64x48`; the commonest first. */
  sizes: Count[];
  /** Width and height of the smallest and the largest, by their area. */
  smallest?: string;
  largest?: string;
  /** `jpeg`, `png`, ...; `pixels` of arrays. */
  formats: Count[];
  /** Colours as they are stored: `colour`, `grey`, `colour with transparency`, `16 bits`, ... */
  colours: Count[];
  /** Pictures that are stored in colour and hold greys only. */
  greyInColour: number;
  /** Mean and standard deviation of red, green and blue, 0 to 255, of all pictures scaled to 32x32. */
  mean: number[];
  deviation: number[];
  /** Pictures that show what an earlier one shows, to the last bit at 32x32. */
  duplicates: {count: number; examples: {name: string; sameAs: string}[]};
  /** Pictures of nearly one colour: a standard deviation below 2 of 255. */
  nearlyEmpty: {count: number; examples: string[]};
  broken: {count: number; examples: SkippedItem[]};
  /** Pictures that can be read, but whose values may mean something else, such as 12 bits in 16. */
  doubtful: {count: number; examples: SkippedItem[]};
  /** How many pictures each class has; absent where nothing has a label. */
  labels?: {label: string; count: number}[];
  withoutLabel: number;
}

/** Side of the small pictures that are compared. */
const side = 32;
const emptyBelow = 2;

interface Facts {
  name: string;
  width: number;
  height: number;
  format: string;
  colours: string;
  thumbnail: Uint8Array;
  doubt?: string;
}

/**
 * @param examples named of each thing that is wrong, at most
 * @param progress told how many have been read
 */
export async function inspectRecords(
  records: Records,
  {examples = 10, progress = () => {}}: {examples?: number; progress?(done: number): void} = {},
): Promise<Inspection> {
  const [sizes, formats, colours] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  const seen = new Map<string, number>();
  const duplicates: Inspection['duplicates'] = {count: 0, examples: []};
  const nearlyEmpty: Inspection['nearlyEmpty'] = {count: 0, examples: []};
  const broken: Inspection['broken'] = {count: 0, examples: []};
  const doubtful: Inspection['doubtful'] = {count: 0, examples: []};
  const [sums, squares] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  let [good, greyInColour, done] = [0, 0, 0];
  let extremes: {smallest: Facts; largest: Facts} | undefined;
  const note = (index: number, facts: Facts): void => {
    const {width, height, thumbnail} = facts;
    good++;
    add(sizes, `${width}x${height}`);
    add(formats, facts.format);
    add(colours, facts.colours);
    extremes ??= {smallest: facts, largest: facts};
    const area = width * height;
    if (area < extremes.smallest.width * extremes.smallest.height) extremes.smallest = facts;
    if (area > extremes.largest.width * extremes.largest.height) extremes.largest = facts;
    const {deviation, isGrey} = summed(thumbnail, sums, squares);
    if (isGrey && facts.colours.includes('colour')) greyInColour++;
    if (deviation < emptyBelow && ++nearlyEmpty.count <= examples) nearlyEmpty.examples.push(facts.name);
    const hash = createHash('sha256').update(`${width}x${height} `).update(thumbnail).digest('base64').slice(0, 22);
    const first = seen.get(hash);
    if (first === undefined) seen.set(hash, index);
    else if (++duplicates.count <= examples) duplicates.examples.push({name: facts.name, sameAs: records.name(first)});
  };
  await inOrder(records.size, async (index) => {
    try {
      const facts = await factsOf(records, index);
      return () => {
        note(index, facts);
        const {doubt: reason} = facts;
        if (reason === undefined || ++doubtful.count > examples) return;
        doubtful.examples.push({path: records.describe(index), reason});
      };
    } catch (error) {
      await records.lookInto?.(index);
      if (isGanError(error)) throw error;
      return () => {
        if (++broken.count > examples) return;
        broken.examples.push({path: records.describe(index), reason: messageOf(error).trim().split('\n')[0]!});
      };
    } finally {
      progress(++done);
    }
  });
  const values = good * side * side;
  const counted = records.labels && countLabels(records.labels);
  return {
    pictures: records.size,
    sizes: counts(sizes),
    ...(extremes && {smallest: sizeOf(extremes.smallest), largest: sizeOf(extremes.largest)}),
    formats: counts(formats),
    colours: counts(colours),
    greyInColour,
    mean: sums.map((sum) => sum / values),
    deviation: squares.map((square, c) => Math.sqrt(Math.max(0, square / values - (sums[c]! / values) ** 2))),
    duplicates,
    nearlyEmpty,
    broken,
    doubtful,
    ...(counted && {labels: counted.counts}),
    withoutLabel: records.labels && classesOfAll(records.labels) === undefined ? counted!.without : 0,
  };
}

async function factsOf(records: Records, index: number): Promise<Facts> {
  const stored = await records.read(index);
  const size = [side, side] as const;
  let doubt = isPixels(stored) ? stored.doubt : undefined;
  const warn = (message: string): void => void (doubt = message);
  const options = {size, channels: 3, resize: 'squish', warn} as const;
  const thumbnail = isPixels(stored) ? toBytes(await fromPixels(stored, options)) : await decodeImage(stored, options);
  return {name: records.name(index), ...(await storedAs(stored)), thumbnail, ...(doubt !== undefined && {doubt})};
}

async function storedAs(stored: StoredImage): Promise<Omit<Facts, 'name' | 'thumbnail' | 'doubt'>> {
  if (isPixels(stored)) {
    const {width, height, channels, data} = stored;
    return {
      width,
      height,
      format: 'pixels',
      colours: coloursOf(channels > 2, channels % 2 === 0, 8 * data.BYTES_PER_ELEMENT),
    };
  }
  const sharp = await loadSharp();
  const {autoOrient, format, space, hasAlpha, depth} = await sharp(stored).metadata();
  const bits = ({uchar: 8, char: 8, ushort: 16, short: 16} as Record<string, number>)[depth] ?? 32;
  return {...autoOrient, format, colours: coloursOf(!/^(b-w|grey)/.test(space), hasAlpha, bits, space)};
}

const coloursOf = (isColour: boolean, hasAlpha: boolean, bits: number, space = ''): string =>
  [
    space === 'cmyk' ? 'colour (CMYK)' : isColour ? 'colour' : 'grey',
    hasAlpha ? ' with transparency' : '',
    bits > 8 ? `, ${bits} bits` : '',
  ].join('');

/** Adds a small picture to sums of its channels. @returns its standard deviation, the largest of the channels */
function summed(pixels: Uint8Array, sums: number[], squares: number[]): {deviation: number; isGrey: boolean} {
  const [own, ownSquares] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  let isGrey = true;
  for (let i = 0; i < pixels.length; i += 3) {
    for (let c = 0; c < 3; c++) {
      const value = pixels[i + c]!;
      own[c]! += value;
      ownSquares[c]! += value * value;
    }
    isGrey &&= pixels[i] === pixels[i + 1] && pixels[i] === pixels[i + 2];
  }
  const n = pixels.length / 3;
  let deviation = 0;
  for (let c = 0; c < 3; c++) {
    sums[c]! += own[c]!;
    squares[c]! += ownSquares[c]!;
    deviation = Math.max(deviation, Math.sqrt(Math.max(0, ownSquares[c]! / n - (own[c]! / n) ** 2)));
  }
  return {deviation, isGrey};
}

const add = (counts: Map<string, number>, what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
const counts = (found: Map<string, number>): Count[] =>
  [...found].map(([what, count]) => ({what, count})).sort((a, b) => b.count - a.count || (a.what < b.what ? -1 : 1));
const sizeOf = ({width, height}: Facts): string => `${width}x${height}`;
