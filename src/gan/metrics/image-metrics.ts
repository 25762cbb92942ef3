import {tf, type Tensor} from '../../backends/tf.js';
import type {Callback} from '../callback.js';
import type {DataLoaders, HostTensor} from '../data/types.js';
import type {GANLearner} from '../gan-learner.js';
import {Rng} from '../rng.js';
import {upload} from '../upload.js';

/**
 * The images that a metric compares: equally many real and generated images [n, height, width, channels], normalised as
 * the networks see them.
 */
export interface ImageSets {
  real: Tensor;
  fake: Tensor;
  /** The same numbers at every call, so that values of different epochs can be compared. */
  rng: Rng;
}

/** A number that says how good the generator's images are. */
export interface ImageMetric {
  /** Whether lower or higher values are better. */
  better: 'lower' | 'higher';
  compute(images: ImageSets): number | Promise<number>;
}

/** An image metric with the name of its column. */
export interface NamedImageMetric extends ImageMetric {
  name: string;
}

/** Images made at a time. */
const batchSize = 64;

/** The tools of `imageMeter`. */
export interface MeterOptions {
  /** Images to compare, at most. */
  count: number;
  /** Size of the latents. */
  latent: number;
  /** The latents and the metrics' random numbers follow from it. */
  seed: number;
}

/**
 * Measures a generator: each call gives the metrics of `count` real images, the first of the validation data, or of the
 * training data
 * where nothing is held out, and as many that the generator makes of latents that stay the same.
 * @param draw images of latents, in eval mode
 */
export function imageMeter(
  dls: DataLoaders,
  draw: (latents: Tensor) => Tensor,
  metrics: readonly NamedImageMetric[],
  {count, latent, seed}: MeterOptions,
): () => Promise<number[]> {
  const rng = new Rng(seed).fork('metrics');
  const latents = rng.fork('latents').normal(count * latent);
  let real: HostTensor | undefined;
  return async () => {
    real ??= await firstImages(dls, count);
    const shown = real.shape[0]!;
    const images = {
      real: upload(real, dls.normalization),
      fake: generate(draw, latents.subarray(0, shown * latent), [shown, latent]),
    };
    try {
      const values: number[] = [];
      for (const metric of metrics) values.push(await metric.compute({...images, rng: rng.fork(metric.name)}));
      return values;
    } finally {
      tf.dispose([images.real, images.fake]);
    }
  };
}

/** Measures the learner's generator at the end of each epoch, as further columns of its row. */
export function measureImages(
  learn: GANLearner,
  metrics: readonly NamedImageMetric[],
  options: MeterOptions,
): Callback {
  const measure = imageMeter(learn.dls, (latents) => learn.draw(latents), metrics, options);
  return {
    name: 'image-metrics',
    runAfter: ['recorder'], // it has written its row
    beforeFit({recorder}) {
      recorder!.columns.push(...metrics.map(({name}) => name));
    },
    async afterEpoch({fitting, stopReason, recorder}) {
      if (fitting)
        recorder!.rows
          .at(-1)!
          .values.push(...(stopReason === 'interrupted' ? metrics.map(() => null) : await measure()));
    },
  };
}

/** The first images of the validation data, or of the training data where nothing is held out; at most `count`. */
export async function firstImages({train, valid}: DataLoaders, count: number): Promise<HostTensor> {
  const parts: HostTensor[] = [];
  let found = 0;
  for await (const {target, size} of (valid ?? train).epoch(0)) {
    parts.push(target);
    found += size;
    if (found >= count) break;
  }
  const [{data, shape}] = parts as [HostTensor];
  const n = Math.min(found, count);
  const item = data.length / shape[0]!;
  const all = data instanceof Uint8Array ? new Uint8Array(n * item) : new Float32Array(n * item);
  let at = 0;
  for (const part of parts) {
    all.set(part.data.subarray(0, all.length - at), at);
    at = Math.min(all.length, at + part.data.length);
  }
  return {data: all, shape: [n, ...shape.slice(1)]};
}

/** The generator's images, [n, height, width, channels]. */
function generate(draw: (latents: Tensor) => Tensor, latents: Float32Array, [n, size]: [number, number]): Tensor {
  return tf.tidy(() => {
    const parts: Tensor[] = [];
    for (let from = 0; from < n; from += batchSize) {
      const to = Math.min(n, from + batchSize);
      parts.push(draw(tf.tensor(latents.slice(from * size, to * size), [to - from, size])));
    }
    return tf.concat(parts, 0);
  });
}
