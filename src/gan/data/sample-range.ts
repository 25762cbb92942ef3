/** What the values of images with more than 8 bits a channel mean: the range that the file says they have. */

/** Values of black and of full brightness. */
export interface SampleRange {
  black: number;
  white: number;
}

/** What a file says of its values, where it says more than how they are stored. */
export interface SaidOfSamples {
  /** TIFF: SMinSampleValue and SMaxSampleValue, or MinSampleValue and MaxSampleValue. */
  range?: SampleRange;
  /** PNG's sBIT: the bits that hold information. */
  significantBits?: number;
}

/** Reads the header of a TIFF or PNG file; nothing is said by others, nor by broken ones. */
export function saidOfSamples(file: Uint8Array): SaidOfSamples {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  try {
    const magic = view.getUint32(0);
    if (magic === 0x89504e47) return saidByPng(view);
    if (magic === 0x49492a00) return saidByTiff(view, true);
    if (magic === 0x4d4d002a) return saidByTiff(view, false);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the header goes on past the end of the file
  }
  return {};
}

/** Chunks up to the pixels: length, type, content, checksum (PNG specification, 11.3.2.3 sBIT). */
function saidByPng(view: DataView): SaidOfSamples {
  for (let at = 8; at < view.byteLength; at += 12 + view.getUint32(at)) {
    const type = view.getUint32(at + 4);
    if (type === 0x49444154) break; // IDAT
    if (type === 0x73424954) return {significantBits: view.getUint8(at + 8)}; // sBIT; of the first channel
  }
  return {};
}

/** Bytes of TIFF's types of numbers (TIFF 6.0, section 2), and how they are read. */
const numbers: Readonly<
  Record<number, [bytes: number, read: (view: DataView, at: number, little: boolean) => number]>
> = {
  1: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getUint16(at, little)],
  4: [4, (view, at, little) => view.getUint32(at, little)],
  6: [1, (view, at) => view.getInt8(at)],
  8: [2, (view, at, little) => view.getInt16(at, little)],
  9: [4, (view, at, little) => view.getInt32(at, little)],
  11: [4, (view, at, little) => view.getFloat32(at, little)],
  12: [8, (view, at, little) => view.getFloat64(at, little)],
};

const minSample = [340, 280];
const maxSample = [341, 281];

/** Entries of the first directory: tag, type, count, and the values or where they are. */
function saidByTiff(view: DataView, little: boolean): SaidOfSamples {
  const directory = view.getUint32(4, little);
  const values = new Map<number, number>();
  for (let i = 0; i < view.getUint16(directory, little); i++) {
    const entry = directory + 2 + 12 * i;
    const tag = view.getUint16(entry, little);
    const number = numbers[view.getUint16(entry + 2, little)];
    if (!number || ![...minSample, ...maxSample].includes(tag)) continue;
    const [bytes, read] = number;
    const inPlace = bytes * view.getUint32(entry + 4, little) <= 4;
    values.set(tag, read(view, inPlace ? entry + 8 : view.getUint32(entry + 8, little), little));
  }
  const first = (tags: number[]): number | undefined =>
    tags.map((tag) => values.get(tag)).find((value) => value !== undefined);
  const [black = 0, white] = [first(minSample), first(maxSample)];
  return white !== undefined && white > black ? {range: {black, white}} : {};
}
