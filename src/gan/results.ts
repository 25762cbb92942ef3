import {imageGrid, samplePicture} from './data/grid.js';
import type {Normalization} from './data/normalize.js';
import type {Pixels} from './data/pixels.js';
import type {HostTensor} from './data/types.js';

/** What a generator made of a batch; `data` and `shape` are its images, as bytes [n, height, width, channels]. */
export interface Results extends HostTensor {
  /** What it was given: latents [n, latentSize] as floats, or images as bytes. */
  input: HostTensor;
  /** The real images of the batch, as bytes. Only where the inputs are images, each is what was wanted of its input. */
  target: HostTensor;
  /** The outputs in a grid; where the inputs are images, rows of input, output and target. */
  picture(): Pixels;
}

/** The first `count` items. */
export function firstOf({data, shape}: HostTensor, count: number): HostTensor {
  return {data: data.slice(0, (count * data.length) / shape[0]!), shape: [count, ...shape.slice(1)]};
}

export function resultsOf(
  input: HostTensor,
  output: HostTensor,
  target: HostTensor,
  normalization: Normalization,
): Results {
  const bytes = (images: HostTensor): HostTensor =>
    images.data instanceof Uint8Array ? images : normalization.undo(images.data, images.shape);
  const isImage = input.shape.length === 4;
  const [given, wanted] = [isImage ? bytes(input) : input, bytes(target)];
  return {
    ...output,
    input: given,
    target: wanted,
    picture: () =>
      isImage ? imageGrid(inRows([scaledTo(given, output.shape), output, wanted]), 3) : samplePicture(output),
  };
}

/** Images of equally large sets one by one in turn: the first of each, the second of each, ... */
function inRows(sets: readonly HostTensor[]): HostTensor {
  const [n, ...item] = sets[0]!.shape;
  const length = item.reduce((a, b) => a * b, 1);
  const data = new Uint8Array(sets.length * n! * length);
  for (let i = 0; i < n!; i++)
    sets.forEach(({data: images}, j) =>
      data.set(images.subarray(i * length, (i + 1) * length), (i * sets.length + j) * length),
    );
  return {data, shape: [sets.length * n!, ...item]};
}

/** Images at another size, each pixel that of the nearest place. */
function scaledTo({data, shape}: HostTensor, [, height = 1, width = 1]: readonly number[]): HostTensor {
  const [n = 0, fromHeight = 1, fromWidth = 1, channels = 1] = shape;
  if (fromHeight === height && fromWidth === width) return {data, shape};
  const scaled = new Uint8Array(n * height * width * channels);
  for (let i = 0; i < n; i++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [fromY, fromX] = [Math.floor((y * fromHeight) / height), Math.floor((x * fromWidth) / width)];
        const from = ((i * fromHeight + fromY) * fromWidth + fromX) * channels;
        scaled.set(data.subarray(from, from + channels), ((i * height + y) * width + x) * channels);
      }
  return {data: scaled, shape: [n, height, width, channels]};
}
