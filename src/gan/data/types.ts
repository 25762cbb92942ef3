/** The types of the data part of the library. It uses only host arrays, no tensors of a device. */
import type {ImageShape} from '../nets/architecture.js';
import type {Rng} from '../rng.js';
import type {HostData, HostTensor} from './host-tensor.js';
import type {Decoding} from './decode-options.js';
import type {Labelling} from './labelling.js';
import type {Part} from './mixed-order.js';
import type {Normalization} from './normalize.js';
import type {ResizeMethod} from './pixels.js';

export type {HostData, HostTensor};

export interface Batch {
  /** Input of the generator: noise [size, latentSize], or images [size, height, width, channels]. */
  input: HostTensor;
  /** Real items for the critic: [size, ...shape of the source]. */
  target: HostTensor;
  /**
   * What each real image shows, where the data has labels: its class, from 0, [size]; or, where an image may have
   * several, a share of each class, floats [size, classes].
   */
  labels?: Int32Array | Float32Array;
  /**
   * Items in this batch: `batchSize`, or fewer in a last batch that is kept. Where several processes train together,
   * each has a part of them, and this is the number of all.
   */
  size: number;
}

/** An item that could not be read. */
export interface SkippedItem {
  /** The file, or what the source calls the item. */
  path: string;
  reason: string;
}

/** Facts found about the data so far. */
export interface DataReport {
  /** Items in all, the unreadable ones included. */
  items: number;
  /** Those found unreadable, each once; other items took their places. */
  skipped: SkippedItem[];
}

export interface DataLoader {
  readonly batchSize: number;
  /** Items; an endless source says how many it counts as an epoch. */
  readonly size: number;
  /** Batches in an epoch; 0 when there are no items. */
  readonly length: number;
  /** Number of classes, where the items have labels. */
  readonly classes?: number;
  /**
   * The batches of one epoch, from batch `start` on. A batch depends on the seed, the epoch and its index only, so that
   * resuming in mid-epoch gives the same batches. Batches are read ahead; leaving the loop early stops that.
   * @param epoch counted from 0
   * @param placesOf of a batch of so many items, the places of those that are wanted, and no others are read; absent:
   * all
   * @throws GanError GAN_DATA_BROKEN when (nearly) nothing can be read, GAN_DATA_SHAPE when a source breaks its promise
   */
  epoch(epoch: number, start?: number, placesOf?: (size: number) => readonly number[]): AsyncIterable<Batch>;
}

export interface DataLoaders {
  train: DataLoader;
  /** Absent when nothing is held out. */
  valid?: DataLoader;
  /** How bytes become what the networks see, and the way back for generated images. */
  normalization: Normalization;
  report(): DataReport;
}

/** A source with a fixed number of items, each of the same shape. */
export interface FiniteSource {
  /** Shape of one item: [height, width, channels] for images. */
  shape: number[];
  /** Number of items. */
  size: number;
  /**
   * Tells these items from others, as a version or a checksum does. A run goes on only with items of the identity that
   * it was trained with.
   */
  identity?: string;
  /**
   * Item `index`, 0 <= index < size, always the same. Several calls may be under way at once.
   * Rejecting marks the item as unreadable and another takes its place; rejecting with a GanError ends the run.
   */
  read(index: number): HostData | Promise<HostData>;
  /** Sets that the items are of, one after the other; an epoch then has the share of each, not every item once. */
  parts?: readonly Part[];
  /** Number of classes, where the items have labels. */
  classes?: number;
  /** The class of an item, from 0; together with `classes`. */
  label?(index: number): number;
  /** In place of `label`, where an item may have several classes: a share of each, [classes]. */
  labelRow?(index: number): Float32Array;
  /** The same with names, also where some items have no label; a conditional training learns it. */
  labelling?: Labelling;
  /** The name of the item, for messages and splitters: its path, if it has one. */
  describe?(index: number): string;
}

/** A source that makes items up. */
export interface EndlessSource {
  shape: number[];
  size?: undefined;
  /**
   * Tells these items from others, as a version or a checksum does. A run goes on only with items of the identity that
   * it was trained with.
   */
  identity?: string;
  /** `n` items, flat [n, ...shape]; all randomness from `rng`, so that a run can be repeated. */
  batch(n: number, rng: Rng): Float32Array | Promise<Float32Array>;
}

/** The result of a plug-in's data source. */
export type Source = FiniteSource | EndlessSource;

/** What a run wants of its images. */
export interface WantedImages extends ImageShape {
  /** How an image gets this size. */
  resize: ResizeMethod;
  /** Version of the rules by which files become pixels (docs/data.md); for what decodes them. Default 2. */
  decoding?: Decoding;
}

/** A data source is told what the run wants of the images. */
export type SourceFactory = (wanted: WantedImages) => Source | Promise<Source>;
