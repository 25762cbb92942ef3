import type {DataLoader, HostTensor} from '../data/types.js';
import type {Normalization} from '../data/normalize.js';
import {eachDistances} from './distances.js';
import type {FeatureExtractor, Features} from './features.js';
import {asBytes, featuresOf} from './image-meter.js';

/** Generated images and the training images that are nearest to them. */
export interface NearestImages {
  /** Generated images that were looked up. */
  images: number;
  /** Training images among which was looked. */
  trainingImages: number;
  /** Median distance of a generated image to its nearest training image, over that of a training image to another. */
  ratio: number;
  /**
   * Share of the generated images that are nearer to a training image than 95 of 100 training images are to another:
   * about 0.05 where the generator does not copy.
   */
  close: number;
  /** Each generated image before its nearest, the nearest pair first: shape [images * 2, height, width, channels]. */
  pairs: HostTensor;
}

/** An image that a nearest one is looked for. */
interface Nearest {
  distance: number;
  image: Uint8Array;
}

/**
 * Looks for copies: the nearest training image of each generated one, by the Euclidean distance of the features. The
 * yardstick are as many training images and their nearest others; images that are the same to the last bit count as
 * one.
 * @param fakes bytes [n, height, width, channels]
 * @param training all training images, in any order
 */
export async function nearestImages(
  fakes: HostTensor,
  training: DataLoader,
  {extractor, normalization}: {extractor: FeatureExtractor; normalization: Normalization},
): Promise<NearestImages> {
  const [n = 0] = fakes.shape;
  const length = fakes.data.length / n;
  const reals = await firstImages(training, n, normalization);
  const queries = await featuresOf({data: both(fakes, reals), shape: [2 * n, ...fakes.shape.slice(1)]}, extractor);
  const nearest = Array.from({length: 2 * n}, (): Nearest => ({distance: Infinity, image: new Uint8Array(0)}));
  for await (const {target} of training.epoch(0)) {
    const images = asBytes(target, normalization) as {data: Uint8Array; shape: number[]};
    const features = await featuresOf(images, extractor);
    await eachDistances(features, queries, (row, distances) => {
      const image = images.data.subarray(row * length, (row + 1) * length);
      for (let q = 0; q < 2 * n; q++) {
        if (distances[q]! >= nearest[q]!.distance) continue;
        const self = q >= n && same(image, reals.data.subarray((q - n) * length, (q - n + 1) * length));
        if (!self) nearest[q] = {distance: distance(features, row, queries, q), image};
      }
    });
  }
  const roots = nearest.map((each) => Math.sqrt(each.distance));
  const [ofFakes, ofReals] = [roots.slice(0, n), ascending(roots.slice(n))];
  const least = quantile(ofReals, 0.05);
  return {
    images: n,
    trainingImages: training.size,
    ratio: quantile(ascending(ofFakes), 0.5) / quantile(ofReals, 0.5),
    close: ofFakes.filter((root) => root < least).length / n,
    pairs: pairsOf(fakes, nearest.slice(0, n)),
  };
}

/** Exactly, as the products on the device are rounded. */
function distance(a: Features, i: number, b: Features, j: number): number {
  let sum = 0;
  for (let f = 0; f < a.size; f++) sum += (a.data[i * a.size + f]! - b.data[j * b.size + f]!) ** 2;
  return sum;
}

const same = (a: Uint8Array, b: ArrayLike<number>): boolean => a.every((value, i) => value === b[i]);

const ascending = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

/** Of values in ascending order, between the two that are next to it. */
function quantile(values: readonly number[], share: number): number {
  const at = share * (values.length - 1);
  const [low, high] = [values[Math.floor(at)]!, values[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

/** The first images of another epoch: in another order, where the order is random. */
async function firstImages(loader: DataLoader, n: number, normalization: Normalization): Promise<HostTensor> {
  let out: Uint8Array | undefined;
  let shape: number[] = [];
  let at = 0;
  while (at < (out?.length ?? 1)) {
    for await (const {target} of loader.epoch(1)) {
      const images = asBytes(target, normalization);
      shape = [n, ...images.shape.slice(1)];
      out ??= new Uint8Array((images.data.length / images.shape[0]!) * n);
      const part = images.data.subarray(0, out.length - at);
      out.set(part, at);
      at += part.length;
      if (at === out.length) break;
    }
  }
  return {data: out!, shape};
}

function both(a: HostTensor, b: HostTensor): Uint8Array {
  const out = new Uint8Array(a.data.length + b.data.length);
  out.set(a.data);
  out.set(b.data, a.data.length);
  return out;
}

function pairsOf({data, shape}: HostTensor, nearest: readonly Nearest[]): HostTensor {
  const [n = 0, ...rest] = shape;
  const length = data.length / n;
  const out = new Uint8Array(2 * data.length);
  const order = ascending(nearest.map((_, i) => i)).sort((a, b) => nearest[a]!.distance - nearest[b]!.distance);
  order.forEach((i, place) => {
    out.set(data.subarray(i * length, (i + 1) * length), 2 * place * length);
    out.set(nearest[i]!.image, (2 * place + 1) * length);
  });
  return {data: out, shape: [2 * n, ...rest]};
}
