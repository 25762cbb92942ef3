import type {Tensor} from '../../backends/tf.js';
import type {HostTensor} from '../data/types.js';
import type {Rng} from '../rng.js';
import type {Features} from './features.js';

/** Equally many real and generated images, in one form or another. */
interface Sets<T> {
  real: T;
  fake: T;
  /** The same numbers at every call, so that values of different epochs can be compared. */
  rng: Rng;
}

/** Images on the device, [n, height, width, channels], normalised as the networks see them. */
export type ImageSets = Sets<Tensor>;

/** Images on the host: bytes [n, height, width, channels]. */
export type PictureSets = Sets<HostTensor>;

/** Features of images: of a network, or their pixels. */
export type FeatureSets = Sets<Features>;

/** A number, and further ones that it is made of, by their names. */
export type MetricValue = number | {value: number; parts: Readonly<Record<string, number>>};

/** The numbers of images and features that a metric is computed from. */
export interface MetricFacts {
  /** Real images, and as many generated ones. */
  images: number;
  /** Numbers of one image: features, or pixels times channels. */
  size: number;
}

/** The facts about a metric besides how it is computed. */
interface MetricCourse {
  /** Whether lower or higher values are better, or those near 1. */
  better: 'lower' | 'higher' | 'one';
  /**
   * Whether images of this shape, [height, width, channels], can be measured: asked before a training begins, which
   * would find out at the end of its first epoch.
   * @throws GanError for others
   */
  assertShape?(shape: readonly number[]): void;
  /** Why the value says little with so few images: sentences without full stop. */
  doubts?(facts: MetricFacts): string[];
}

/** A metric of images on the device. All of them lie there at once. */
export interface TensorMetric extends MetricCourse {
  of?: 'tensors';
  compute(images: ImageSets): MetricValue | Promise<MetricValue>;
}

/** A metric of images on the host: for statistics in float64, of many images. */
export interface PictureMetric extends MetricCourse {
  of: 'pictures';
  compute(images: PictureSets): MetricValue | Promise<MetricValue>;
}

/** A metric of features. The features are the run's (`features`), by default pixels. */
export interface FeatureMetric extends MetricCourse {
  of: 'features';
  compute(features: FeatureSets): MetricValue | Promise<MetricValue>;
}

/** A number that says how good the generator's images are. */
export type ImageMetric = TensorMetric | PictureMetric | FeatureMetric;

/** An image metric with the name of its column. */
export type NamedImageMetric = ImageMetric & {name: string};

/** Whether a value is better than another. */
export function isBetter(better: ImageMetric['better'], value: number, than: number): boolean {
  if (better === 'one') return Math.abs(Math.log(value)) < Math.abs(Math.log(than));
  return better === 'lower' ? value < than : value > than;
}
