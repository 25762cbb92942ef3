import {GanError} from '../errors.js';
import {tf, type Tensor} from '../backends/tf.js';
import {createSource} from '../config/parts.js';
import {dataSource} from '../config/data.js';
import type {Callback} from '../gan/callback.js';
import {cachedSource} from '../gan/data/image-files.js';
import {recordSource} from '../gan/data/record-source.js';
import {openRecords} from '../gan/data/records/open.js';
import type {Records} from '../gan/data/records/types.js';
import type {Batch, DataLoader, DataLoaders} from '../gan/data/types.js';
import {writeFileAtomic} from '../gan/io/atomic-write.js';
import {writeSafetensors} from '../gan/io/safetensors.js';
import {Learner} from '../gan/learner.js';
import {Classifier, metadataOf, type ClassifierFacts} from '../gan/metrics/networks/classifier.js';
import {repeatable} from '../gan/repeatable.js';
import {setSeed} from '../gan/streams.js';
import {upload} from '../gan/upload.js';
import {sidesOf} from '../options/image-size.js';
import type {RunConfig} from '../options/run-config.js';
import {openRegistry} from '../plugin/discover.js';
import type {SourceFactory} from '../plugin/index.js';
import type {Registry} from '../plugin/registry.js';
import {makeDataLoaders} from './data.js';
import {openDeviceFor, type DeviceOptions} from './devices/open-backend.js';

/** Percent of the images held out where the configuration holds out none. */
const heldOut = 10;

/** Highest learning rate of the one-cycle schedule (arXiv 1708.07120). */
const learningRate = 3e-3;

export interface ClassifyOptions extends DeviceOptions {
  registry?: Registry;
  /** Passes over the images. */
  epochs: number;
  notify?(event: {epoch: number; epochs: number; loss: number}): void;
  warn?(message: string): void;
}

/** What a classifier learned, and how well. */
export interface Classification extends ClassifierFacts {
  /** Where it was written. */
  file: string;
  /** Images that it was trained with. */
  images: number;
  /** Images that were held out. */
  validImages: number;
  /** Share of these that it classifies rightly. */
  accuracy: number;
}

/**
 * Trains a classifier on labelled images: a folder with a folder for each class, or a source with labels. Writes its
 * weights to a safetensors file, and the result as JSON beside it.
 * @throws GanError GAN_LABELS when the images have no labels; those of data and backend
 */
export async function classify(
  config: RunConfig,
  out: string,
  {registry = openRegistry(), epochs, notify = () => {}, warn = () => {}, ...device}: ClassifyOptions,
): Promise<Classification> {
  const opened = await openDeviceFor(registry, device);
  let learn: Learner | undefined;
  try {
    const {classes, dls} = await labelledImages(config, registry, warn);
    const facts: ClassifierFacts = {size: config.size, channels: config.channels, classes};
    setSeed(config.seed);
    learn = new Learner(dls, new Classifier(facts), crossEntropy, {lr: learningRate});
    const report: Callback = {
      name: 'report',
      runAfter: ['recorder'],
      afterEpoch({epoch, recorder}) {
        notify({epoch: epoch + 1, epochs, loss: recorder!.rows.at(-1)!.values[0] ?? NaN});
      },
    };
    await learn.fitOneCycle(epochs, learningRate, {cbs: [report]});
    const result: Classification = {
      ...facts,
      file: out,
      images: dls.train.size,
      validImages: dls.valid!.size,
      accuracy: await accuracy(learn.model.eval(), dls),
    };
    await writeSafetensors(out, await learn.model.stateDict(), metadataOf(facts));
    await writeFileAtomic(`${out.replace(/\.safetensors$/, '')}.json`, `${JSON.stringify(result, null, 2)}\n`);
    return result;
  } finally {
    learn?.dispose();
    await opened.close();
  }
}

/** Mean over the batch of -log softmax(logits) at the class; targets are one-hot, [batch, classes]. */
const crossEntropy = repeatable((logits: Tensor, target: Tensor): Tensor =>
  tf.neg(tf.mean(tf.sum(tf.mul(target, tf.logSoftmax(logits as Parameters<typeof tf.logSoftmax>[0])), 1))),
);

/** Share of the held-out images that are classified rightly. */
async function accuracy(model: Learner['model'], {valid, normalization}: DataLoaders): Promise<number> {
  let right = 0;
  for await (const {input, target} of valid!.epoch(0)) {
    const found = tf.tidy(() => tf.argMax(model.forward(upload(input, normalization)), 1));
    const [rows, classes] = target.shape as [number, number];
    const values = await found.data();
    found.dispose();
    for (let i = 0; i < rows; i++) right += target.data[i * classes + values[i]!]!;
  }
  return right / valid!.size;
}

async function labelledImages(
  config: RunConfig,
  registry: Registry,
  warn: (message: string) => void,
): Promise<{classes: string[]; dls: DataLoaders}> {
  const {data, channels, resize, decoding} = config;
  const size = sidesOf(config.size);
  const labelled = dataSource(data) === undefined ? await labelledRecords(config) : undefined;
  const source: SourceFactory | undefined = labelled
    ? () => cachedSource(recordSource(labelled.records, {size, channels, resize, decoding, warn}, labelled.indices))
    : await createSource(registry, data, config.source);
  const {train, valid, normalization, report} = await makeDataLoaders(
    {...config, conditional: false, validPct: config.validPct > 0 ? config.validPct : heldOut},
    source ? {source} : {},
    {warn},
  );
  if (train.classes === undefined || train.classes < 2 || !valid) throw noLabels(data, train.classes);
  const classes = labelled?.classes ?? Array.from({length: train.classes}, (_, i) => String(i));
  return {
    classes,
    dls: {train: oneHot(train, classes.length), valid: oneHot(valid, classes.length), normalization, report},
  };
}

/** Pictures with labels; those without are left out. @throws GanError GAN_LABELS */
async function labelledRecords({
  data,
  decoding,
}: RunConfig): Promise<{records: Records; classes: string[]; indices: number[]}> {
  const records = await openRecords(data, {decoding});
  const {labels} = records;
  if (!labels) throw noLabels(data, undefined);
  if (labels.several)
    throw new GanError(
      'data',
      'GAN_LABELS',
      `the images of ${data} have attributes, any number each; a classifier learns one class of each image`,
      {suggestions: ['give a list with a column `label` that has the class of each file']},
    );
  const indices = [...labels.of.keys()].filter((index) => labels.of[index]! >= 0);
  return {records, classes: [...labels.classes], indices};
}

/** The images as input, and 1 at the class of each as target. */
function oneHot(loader: DataLoader, classes: number): DataLoader {
  return {
    batchSize: loader.batchSize,
    size: loader.size,
    length: loader.length,
    async *epoch(epoch, start) {
      for await (const {target: images, labels, size} of loader.epoch(epoch, start)) {
        const data = new Float32Array(size * classes);
        for (let i = 0; i < size; i++) data[i * classes + labels![i]!] = 1;
        yield {input: images, target: {data, shape: [size, classes]}, size} satisfies Batch;
      }
    },
  };
}

const noLabels = (data: string, classes: number | undefined): GanError =>
  new GanError(
    'data',
    'GAN_LABELS',
    classes === undefined
      ? `the images of ${data} have no labels`
      : `the images of ${data} have ${classes} class, or too few images`,
    {
      suggestions: ['put the images of each class into a folder of its own: DATA/cats, DATA/dogs, ...'],
    },
  );
