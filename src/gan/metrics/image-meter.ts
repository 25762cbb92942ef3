import {tf, type Tensor} from '../../backends/tf.js';
import {drawShares, joinRows} from '../class-choice.js';
import type {Classes} from '../classes.js';
import type {Normalization} from '../data/normalize.js';
import type {HostData, HostTensor} from '../data/types.js';
import {Rng} from '../rng.js';
import {upload} from '../upload.js';
import {pick, type FeatureExtractor, type Features} from './features.js';
import type {ImageMetric, MetricValue, NamedImageMetric} from './image-metrics.js';
import {isTooFewImages} from './too-few-images.js';

/** Images made, or turned into features, at a time. */
const batchSize = 64;

/** Half of the width of a 95 % interval, in standard deviations. */
const normal95 = 1.96;

/** The real side of metrics. */
export interface RealImages {
  /** Images that there are to compare. */
  count: number;
  /** The images: bytes [count, height, width, channels], or the floats of a source that has such. */
  pictures(): Promise<HostTensor>;
  /** Their features. The same object at every call. */
  features(extractor: FeatureExtractor): Promise<Features>;
}

/** The tools of `ImageMeter`. */
export interface MeterOptions {
  real: RealImages;
  /** Images of latents, in eval mode; with labels of a conditional generator. */
  draw(latents: Tensor, labels?: Tensor): Tensor;
  /** Of a conditional generator: its images have them as often as the data. */
  classes?: Classes;
  /** In place of that: of each image, a share of each class, [real.count * classes]. */
  labels?: Float32Array;
  /** Images that `draw` has memory for. Default: 64, which are the most that are drawn in one pass. */
  atOnce?: number;
  normalization: Normalization;
  /** Of the metrics of features. */
  extractor: FeatureExtractor;
  /** Size of the latents. */
  latent: number;
  /** The latents and the metrics' random numbers follow from it. */
  seed: number;
}

/** The value of a metric. */
export interface Measured {
  name: string;
  better: ImageMetric['better'];
  value: number;
  /** Further numbers that the value is made of. */
  parts?: Readonly<Record<string, number>>;
  /** The 95 % interval, where it was asked for. */
  low?: number;
  high?: number;
  /** Why the value says little. */
  doubts: string[];
}

/**
 * Measures a generator: each call gives the metrics of the real images, and of as many that the generator makes of
 * latents that stay the same.
 */
export class ImageMeter {
  readonly #options: MeterOptions;
  readonly #metrics: readonly NamedImageMetric[];
  readonly #rng: Rng;
  readonly #latents: Float32Array;
  readonly #labels: Float32Array | undefined;

  constructor(metrics: readonly NamedImageMetric[], options: MeterOptions) {
    this.#metrics = metrics;
    this.#options = options;
    this.#rng = new Rng(options.seed).fork('metrics');
    this.#latents = this.#rng.fork('latents').normal(options.real.count * options.latent);
    this.#labels = this.#drawLabels();
  }

  /** A share of each class for each image, [count * rows]. */
  #drawLabels(): Float32Array | undefined {
    const {real, classes, labels} = this.#options;
    if (labels || !classes) return labels;
    const rng = this.#rng.fork('labels');
    return joinRows(Array.from({length: real.count}, () => drawShares(classes, rng)));
  }

  /**
   * @param halves how many times to measure with a random half of the images of each side, for the intervals. The
   * standard deviation over halves estimates that of the whole (the delete-half jackknife, Shao and Wu 1989). A
   * bootstrap would draw images twice, which neighbours and kernels take for copies.
   */
  async measure({halves = 0}: {halves?: number} = {}): Promise<Measured[]> {
    const sets = await this.#sets();
    try {
      const out: Measured[] = [];
      for (const metric of this.#metrics) {
        const whole = await this.#compute(metric, sets, metric.name);
        const {value} = whole;
        const values = await this.#ofHalves(metric, sets, halves);
        const doubts = metric.doubts?.({images: this.#options.real.count, size: sets.size(metric.of)}) ?? [];
        out.push({
          name: metric.name,
          better: metric.better,
          ...whole,
          ...(values && values.length > 1 && interval(value, values)),
          doubts: values ? doubts : ['there are too few images for an interval', ...doubts],
        });
      }
      return out;
    } finally {
      sets.dispose();
    }
  }

  async #compute(metric: ImageMetric, sets: ComparedSets, name: string): Promise<{value: number; parts?: Parts}> {
    const [rng, real, fake] = [this.#rng.fork(name), sets.real, sets.fake];
    return asParts(
      metric.of === 'features'
        ? await metric.compute({real: real.features!, fake: fake.features!, rng})
        : metric.of === 'pictures'
          ? await metric.compute({real: real.pictures!, fake: fake.pictures!, rng})
          : await metric.compute({real: real.tensor!, fake: fake.tensor!, rng}),
    );
  }

  /** Undefined where half of the images are too few for the metric. */
  async #ofHalves(metric: NamedImageMetric, sets: ComparedSets, halves: number): Promise<number[] | undefined> {
    const values: number[] = [];
    try {
      for (let i = 0; i < halves; i++) values.push((await this.#ofHalf(metric, sets, i)).value);
      return values;
    } catch (error) {
      if (isTooFewImages(error)) return undefined;
      throw error;
    }
  }

  async #ofHalf(metric: NamedImageMetric, sets: ComparedSets, i: number): Promise<{value: number}> {
    const draw = this.#rng.fork('halves', i);
    const half = sets.half(metric.of, draw);
    try {
      return await this.#compute(metric, half, metric.name);
    } finally {
      half.dispose();
    }
  }

  /** The images of both sides, in the forms that the metrics need. */
  async #sets(): Promise<ComparedSets> {
    const {real, draw, atOnce = batchSize, extractor, normalization, latent} = this.#options;
    const generating: Generating = {
      draw,
      n: real.count,
      size: latent,
      atOnce: Math.min(atOnce, batchSize),
      ...(this.#labels && {labels: this.#labels}),
    };
    const forms = new Set(this.#metrics.map((metric) => metric.of ?? 'tensors'));
    const sides: [Side, Side] = [{}, {}];
    const sets = new ComparedSets(...sides);
    try {
      if (forms.has('features')) sides[0].features = await real.features(extractor);
      if (forms.has('pictures')) sides[0].pictures = asBytes(await real.pictures(), normalization);
      if (forms.has('tensors')) {
        sides[0].tensor = upload(await real.pictures(), normalization);
        sides[1].tensor = generate(this.#latents, generating);
      }
      if (forms.has('features') || forms.has('pictures')) {
        const pictures = await generatePictures(this.#latents, generating, normalization);
        if (forms.has('pictures')) sides[1].pictures = pictures;
        if (forms.has('features')) sides[1].features = await featuresOf(pictures, extractor);
      }
      return sets;
    } catch (error) {
      sets.dispose();
      throw error;
    }
  }
}

type Parts = Readonly<Record<string, number>>;

const asParts = (value: MetricValue): {value: number; parts?: Parts} => (typeof value === 'number' ? {value} : value);

function interval(value: number, values: readonly number[]): {low: number; high: number} {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (values.length - 1);
  const reach = normal95 * Math.sqrt(variance);
  return {low: value - reach, high: value + reach};
}

/** The images of one side, in some of the forms. */
interface Side {
  tensor?: Tensor;
  pictures?: HostTensor;
  features?: Features;
}

class ComparedSets {
  constructor(
    readonly real: Side,
    readonly fake: Side,
  ) {}

  /** Numbers of one image. */
  size(form: ImageMetric['of']): number {
    if (form === 'features') return this.real.features!.size;
    const shape = form === 'pictures' ? this.real.pictures!.shape : this.real.tensor!.shape;
    return shape.slice(1).reduce((a, b) => a * b, 1);
  }

  /** A random half of each side, in one form. */
  half(form: ImageMetric['of'], rng: Rng): ComparedSets {
    const halve = (side: Side, name: string): Side => {
      const rows = (count: number): Uint32Array =>
        rng
          .fork(name)
          .permutation(count)
          .subarray(0, Math.max(count >> 1, 1));
      if (form === 'features') return {features: pick(side.features!, rows(side.features!.count))};
      if (form === 'pictures') return {pictures: pickPictures(side.pictures!, rows(side.pictures!.shape[0]!))};
      const {tensor} = side;
      return {
        tensor: tf.tidy(() => tf.gather(tensor!, tf.tensor1d(Array.from(rows(tensor!.shape[0])), 'int32'))),
      };
    };
    return new ComparedSets(halve(this.real, 'real'), halve(this.fake, 'fake'));
  }

  dispose(): void {
    tf.dispose([this.real.tensor, this.fake.tensor].filter((tensor) => tensor !== undefined));
  }
}

/** Some of images, in the order of `rows`. */
export function pickPictures({data, shape}: HostTensor, rows: ArrayLike<number>): HostTensor {
  const length = data.length / shape[0]!;
  const out =
    data instanceof Uint8Array ? new Uint8Array(rows.length * length) : new Float32Array(rows.length * length);
  for (let i = 0; i < rows.length; i++) out.set(data.subarray(rows[i]! * length, (rows[i]! + 1) * length), i * length);
  return {data: out, shape: [rows.length, ...shape.slice(1)]};
}

/** Images as bytes; what is no image, such as points, as it is. */
export const asBytes = (images: HostTensor, normalization: Normalization): HostTensor =>
  images.shape.length === 4 ? normalization.undo(images.data, images.shape) : images;

/** Features of images on the host, some at a time. What is no image is its own feature. */
export async function featuresOf(images: HostTensor, extractor: FeatureExtractor): Promise<Features> {
  const {data, shape} = images;
  const count = shape[0]!;
  const length = data.length / count;
  if (!(data instanceof Uint8Array)) return {count, size: length, data};
  let all: Float32Array | undefined;
  let classes: Int32Array | undefined;
  let classCount: number | undefined;
  for (let from = 0; from < count; from += batchSize) {
    const n = Math.min(batchSize, count - from);
    const bytes = data.subarray(from * length, (from + n) * length);
    const {features, ...labels} = await extractor.extract(bytes, [n, ...shape.slice(1)]);
    all ??= new Float32Array((features.length / n) * count);
    all.set(features, (from * features.length) / n);
    if (labels.classes) (classes ??= new Int32Array(count)).set(labels.classes, from);
    classCount = labels.classCount;
  }
  const features = all ?? new Float32Array(0);
  return {
    count,
    size: features.length / count,
    data: features,
    ...(classes && {classes}),
    ...(classCount !== undefined && {classCount}),
  };
}

/** `n` images of latents of `size` numbers, `atOnce` of them in a pass. */
interface Generating {
  draw(latents: Tensor, labels?: Tensor): Tensor;
  n: number;
  size: number;
  atOnce: number;
  /** [n, classes] */
  labels?: Float32Array;
}

/** The generator's images on the device, [n, height, width, channels]. */
function generate(latents: Float32Array, generating: Generating): Tensor {
  return tf.tidy(() => tf.concat([...batches(latents, generating)], 0));
}

/** The generator's images on the host: bytes [n, height, width, channels], or floats of what is no image. */
async function generatePictures(
  latents: Float32Array,
  generating: Generating,
  normalization: Normalization,
): Promise<HostTensor> {
  const {n, atOnce} = generating;
  let all: HostData | undefined;
  let shape: number[] = [];
  let at = 0;
  for (let from = 0; from < n; from += atOnce) {
    const rows = Math.min(atOnce, n - from);
    const images = tf.tidy(() => drawRows(latents, generating, from, rows));
    const {data} = asBytes({data: (await images.data()) as Float32Array, shape: images.shape}, normalization);
    shape = [n, ...images.shape.slice(1)];
    images.dispose();
    const total = (data.length / rows) * n;
    all ??= data instanceof Uint8Array ? new Uint8Array(total) : new Float32Array(total);
    all.set(data, at);
    at += data.length;
  }
  return {data: all ?? new Uint8Array(0), shape};
}

function* batches(latents: Float32Array, generating: Generating): Generator<Tensor> {
  const {n, atOnce} = generating;
  for (let from = 0; from < n; from += atOnce) yield drawRows(latents, generating, from, Math.min(atOnce, n - from));
}

/** The images of `rows` latents from number `from` on. Within a tidy. */
function drawRows(latents: Float32Array, {draw, n, size, labels}: Generating, from: number, rows: number): Tensor {
  const some = (all: Float32Array, each: number): Tensor =>
    tf.tensor(all.slice(from * each, (from + rows) * each), [rows, each]);
  return labels ? draw(some(latents, size), some(labels, labels.length / n)) : draw(some(latents, size));
}
