import {readSize, sidesOf, type ImageSize} from '../../../options/image-size.js';
import {tf, type Tensor} from '../../../backends/tf.js';
import {GanError} from '../../../errors.js';
import {Normalization} from '../../data/normalize.js';
import {Conv} from '../../layers/conv.js';
import {ReLU} from '../../layers/activations.js';
import {BatchNorm} from '../../layers/batch-norm.js';
import {Dense} from '../../layers/dense.js';
import {kaimingNormal} from '../../layers/init.js';
import {Sequential} from '../../layers/sequential.js';
import {Module, type StateDict} from '../../module.js';
import {upload} from '../../upload.js';
import {sha256OfState} from '../fingerprint.js';
import type {Extracted, FeatureExtractor} from '../features.js';
import {resizeAntialiased} from '../resize.js';

/** What a classifier's file says besides its weights, as texts. */
export interface ClassifierFacts {
  /** Of the images that it sees. */
  size: ImageSize;
  channels: number;
  /** Names of the classes. */
  classes: string[];
}

/** The text `format` in the metadata of a classifier's file. */
export const classifierFormat = 'gan-classifier-1';

/** Channels of the stages; each but the first halves the image. */
const widths = [32, 64, 128, 128];

/**
 * A small convolutional classifier: 3x3 convolutions with batch normalisation and ReLU, the mean over all positions,
 * and
 * a dense layer. [batch, height, width, channels] in [-1, 1] -> logits [batch, classes].
 */
export class Classifier extends Module {
  static readonly repeatable = true;
  readonly #stages: Sequential;
  readonly #head: Dense;

  constructor({channels, classes}: ClassifierFacts) {
    super();
    const stage = (width: number, i: number): Module[] => [
      new Conv(i === 0 ? channels : widths[i - 1]!, width, {
        kernelSize: 3,
        padding: 1,
        stride: i === 0 ? 1 : 2,
        bias: false,
        weightInit: kaimingNormal,
      }),
      new BatchNorm(width, {bias: 0}),
      new ReLU(),
    ];
    this.#stages = this.add('stages', new Sequential(widths.flatMap(stage)));
    this.#head = this.add('head', new Dense(widths.at(-1)!, classes.length));
  }

  /** The features of images: [batch, 128]. */
  features(images: Tensor): Tensor {
    return tf.mean(this.run('stages', this.#stages, images), [1, 2]);
  }

  /** The logits of features. */
  classify(features: Tensor): Tensor {
    return this.run('head', this.#head, features);
  }

  override forward(images: Tensor): Tensor {
    return this.classify(this.features(images));
  }
}

export const metadataOf = ({size, channels, classes}: ClassifierFacts): Record<string, string> => ({
  format: classifierFormat,
  size: String(size),
  channels: String(channels),
  classes: JSON.stringify(classes),
});

/** @throws GanError GAN_FEATURES */
export function factsOf(metadata: Readonly<Record<string, string>>, file: string): ClassifierFacts {
  const [size, channels] = [readSize(metadata['size']), Number(metadata['channels'])];
  let classes: unknown;
  try {
    classes = JSON.parse(metadata['classes'] ?? '');
  } catch {
    classes = undefined;
  }
  const areNames = Array.isArray(classes) && classes.length > 1 && classes.every((name) => typeof name === 'string');
  if (areNames && size !== undefined && Number.isInteger(channels) && channels > 0)
    return {size, channels, classes: classes as string[]};
  throw new GanError(
    'data',
    'GAN_FEATURES',
    `${file} is a classifier whose size, channels and classes cannot be read`,
    {
      suggestions: ['train it again: gan classify'],
    },
  );
}

/**
 * A classifier's features and classes. Images of another size are resized. A classifier of grey images looks at each
 * channel of other images by itself: features are joined, and classes multiply (stacked MNIST, arXiv 1611.02163).
 * @throws GanError GAN_STATE_MISMATCH, GAN_FEATURES
 */
export function classifierFeatures(state: StateDict, facts: ClassifierFacts, file: string): FeatureExtractor {
  const classifier = new Classifier(facts);
  try {
    classifier.loadStateDict(state);
  } catch (error) {
    classifier.dispose();
    throw error;
  }
  classifier.eval();
  const normalization = Normalization.symmetric(facts.channels);
  const sides = sidesOf(facts.size);
  const see = async (images: Uint8Array, n: number): Promise<Required<Extracted>> => {
    const [features, classes] = tf.tidy(() => {
      const seen = classifier.features(upload({data: images, shape: [n, ...sides, facts.channels]}, normalization));
      return [seen, tf.argMax(classifier.classify(seen), 1)] as [Tensor, Tensor];
    });
    const values = await Promise.all([features.data(), classes.data()]);
    tf.dispose([features, classes]);
    const [seen, found] = values;
    return {features: seen as Float32Array, classes: Int32Array.from(found), classCount: facts.classes.length};
  };
  return {
    name: 'classifier',
    identity: `classifier ${sha256OfState(state)}`,
    async extract(images, shape) {
      const [n = 0, , , channels = 0] = shape;
      const sized = resized(images, shape, sides);
      if (channels === facts.channels) return see(sized, n);
      if (facts.channels !== 1) throw wrongChannels(file, facts.channels, channels);
      const planes = Array.from({length: channels}, (_, c) => sized.filter((_value, i) => i % channels === c));
      const parts: Required<Extracted>[] = [];
      for (const plane of planes) parts.push(await see(plane, n));
      return joined(parts, n, facts.classes.length);
    },
    dispose: () => classifier.dispose(),
  };
}

function resized(
  images: Uint8Array,
  [n = 0, height = 0, width = 0, channels = 0]: readonly number[],
  [toHeight, toWidth]: readonly [number, number],
) {
  if (height === toHeight && width === toWidth) return images;
  const [from, to] = [height * width * channels, toHeight * toWidth * channels];
  const out = new Uint8ClampedArray(n * to);
  for (let i = 0; i < n; i++) {
    const data = images.subarray(i * from, (i + 1) * from);
    out.set(resizeAntialiased({data, height, width, channels}, toHeight, toWidth), i * to);
  }
  return new Uint8Array(out.buffer);
}

/** Features side by side; the class of all parts together. */
function joined(parts: readonly Required<Extracted>[], n: number, classCount: number): Extracted {
  const size = parts[0]!.features.length / n;
  const features = new Float32Array(n * size * parts.length);
  const classes = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    parts.forEach((part, p) => {
      features.set(part.features.subarray(i * size, (i + 1) * size), (i * parts.length + p) * size);
      classes[i] = classes[i]! * classCount + part.classes[i]!;
    });
  }
  return {features, classes, classCount: classCount ** parts.length};
}

const wrongChannels = (file: string, wanted: number, got: number): GanError =>
  new GanError('data', 'GAN_FEATURES', `${file} classifies images of ${wanted} channels; the run's have ${got}`, {
    suggestions: [`train one for them: gan classify DATA --channels ${got} --out FILE`],
  });
