/** Colours of a picture, and which of them each pixel has. */
export interface Quantized {
  /** Red, green and blue, 0 to 255; 256 colours at most. */
  palette: number[][];
  indices: Uint8Array;
}

/**
 * A picture in few colours: its own where they are no more than wanted, else by median cut (Heckbert 1982, doi
 * 10.1145/965145.801294).
 * @param rgb bytes, three a pixel
 * @param most 1 to 256
 */
export function quantize(rgb: Uint8Array, most = 256): Quantized {
  return exact(rgb, most) ?? medianCut(rgb, most);
}

function exact(rgb: Uint8Array, most: number): Quantized | undefined {
  const known = new Map<number, number>();
  const palette: number[][] = [];
  const indices = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < indices.length; i++) {
    const [red, green, blue] = [rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!];
    const colour = (red << 16) | (green << 8) | blue;
    let index = known.get(colour);
    if (index === undefined) {
      if (palette.length === most) return undefined;
      known.set(colour, (index = palette.push([red, green, blue]) - 1));
    }
    indices[i] = index;
  }
  return {palette, indices};
}

/** Colours that differ in the lowest three bits of a channel only are told apart no more: 32,768 bins. */
const bits = 5;
const axes = [2 * bits, bits, 0]; // where red, green and blue stand in the number of a bin
const binOf = (rgb: Uint8Array, at: number): number =>
  ((rgb[at]! >> 3) << (2 * bits)) | ((rgb[at + 1]! >> 3) << bits) | (rgb[at + 2]! >> 3);
const level = (bin: number, axis: number): number => (bin >> axis) & 31;

interface Box {
  bins: number[];
  pixels: number;
  longest: number;
  /** How much is gained by cutting it: pixels times length; 0 where it is one bin. */
  rank: number;
}

function medianCut(rgb: Uint8Array, most: number): Quantized {
  const counts = new Uint32Array(1 << (3 * bits));
  const sums = new Float64Array(3 * counts.length);
  for (let at = 0; at < rgb.length; at += 3) {
    const bin = binOf(rgb, at);
    counts[bin]!++;
    sums[3 * bin]! += rgb[at]!;
    sums[3 * bin + 1]! += rgb[at + 1]!;
    sums[3 * bin + 2]! += rgb[at + 2]!;
  }
  const boxes = [
    boxOf(
      [...counts.keys()].filter((bin) => counts[bin]! > 0),
      counts,
    ),
  ];
  while (boxes.length < most) {
    const next = boxes.reduce((best, each) => (each.rank > best.rank ? each : best));
    if (next.rank === 0) break;
    boxes.splice(boxes.indexOf(next), 1, ...cut(next, counts));
  }
  const indexOf = new Uint8Array(counts.length);
  const palette = boxes.map(({bins, pixels}, index) => {
    for (const bin of bins) indexOf[bin] = index;
    return [0, 1, 2].map((c) => Math.round(bins.reduce((sum, bin) => sum + sums[3 * bin + c]!, 0) / pixels));
  });
  const indices = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < indices.length; i++) indices[i] = indexOf[binOf(rgb, 3 * i)]!;
  return {palette, indices};
}

function boxOf(bins: number[], counts: Uint32Array): Box {
  const lengths = axes.map((axis) => {
    let [low, high] = [31, 0];
    for (const bin of bins) {
      const at = level(bin, axis);
      if (at < low) low = at;
      if (at > high) high = at;
    }
    return high - low;
  });
  const length = Math.max(...lengths);
  const pixels = bins.reduce((sum, bin) => sum + counts[bin]!, 0);
  return {bins, pixels, longest: axes[lengths.indexOf(length)]!, rank: pixels * length};
}

/** Two boxes with about half of the pixels each, cut across the longest side. */
function cut({bins, pixels, longest}: Box, counts: Uint32Array): [Box, Box] {
  const along = new Uint32Array(32);
  for (const bin of bins) along[level(bin, longest)]! += counts[bin]!;
  const last = along.findLastIndex((each) => each > 0);
  let at = along.findIndex((each) => each > 0);
  let below = along[at++]!;
  for (; at < last && below + along[at]! / 2 < pixels / 2; at++) below += along[at]!;
  return [
    boxOf(
      bins.filter((bin) => level(bin, longest) < at),
      counts,
    ),
    boxOf(
      bins.filter((bin) => level(bin, longest) >= at),
      counts,
    ),
  ];
}
