import path from 'node:path';
import {GanError} from '../errors.js';
import {inWords} from '../system-error.js';
import type {Device} from '../backends/device.js';
import type {Tensor} from '../backends/tf.js';
import {flatten} from '../config/assignments.js';
import type {ListedPartConfig} from '../config/define.js';
import type {ConfigSources} from '../config/layers.js';
import {createArchitecture, createParts, createSource, givenOptions, type RunParts} from '../config/parts.js';
import {resolveConfig, type ResolvedConfig} from '../config/resolve.js';
import {classShares, drawClass, joinRows, mixShares, type ClassChoice} from '../gan/class-choice.js';
import {rowCount, type Classes} from '../gan/classes.js';
import {weightsOf, withoutPrefix, type WeightsChoice} from '../gan/checkpoint.js';
import {Normalization} from '../gan/data/normalize.js';
import type {HostTensor} from '../gan/data/types.js';
import {imagesAtOnceAnywhere} from '../gan/images-at-once.js';
import type {CardRequest, Files, Networks, TrainedRun} from '../gan/export/trained-run.js';
import {version} from '../gan/export/version.js';
import type {DirectionOptions, LatentDirections} from '../gan/latent-directions.js';
import {drawLatent, latentPath, movedAlong, pathBetween, type LatentOptions} from '../gan/latents.js';
import type {NearestImages} from '../gan/metrics/nearest.js';
import type {Module, StateDict} from '../gan/module.js';
import type {ProjectOptions, Projection} from '../gan/project.js';
import {imageShapeOf, sidesOf, sizeText} from '../options/image-size.js';
import type {Given} from '../options/options-check.js';
import type {RunConfig} from '../options/run-config.js';
import {openRegistry} from '../plugin/discover.js';
import type {Exporter} from '../plugin/index.js';
import type {Registry} from '../plugin/registry.js';
import type {ClassEvaluation, evaluateByClass} from './evaluate-by-class.js';
import type {Evaluation} from './evaluations.js';
import {modelFiles, readModel, type Drawn} from './exported-model.js';
import {openDeviceFor, type DeviceOptions} from './devices/open-backend.js';
import {classesOf} from './kept-classes.js';
import {makeNetworks} from './networks.js';
import {readRunCheckpoint} from './read-run-checkpoint.js';
import {RunFolder, type CheckpointSelector} from './run-folder.js';
import {summariseRun, type RunSummary} from './run-summary.js';

// what computes is imported when something has to: tfjs takes a third of a second to load

/** Bytes of all images that are drawn by one call, at most. */
const mostBytes = 2 ** 31;

/** Images made at a time, at most. */
const mostAtOnce = 64;

export interface RunOptions extends Omit<DeviceOptions, 'backend'> {
  /** Default: the newest. */
  checkpoint?: CheckpointSelector;
  /** Which of the generator's weights, where the run has averaged ones. Default: those. */
  weights?: WeightsChoice;
  /** Images are drawn as floats, those of the generator: from -1 to 1. Default: as bytes. */
  floats?: boolean;
  /** A backend by name, for what computes; `auto` takes the fastest that can run. */
  backend?: string | Given;
  /** The parts that can be named. Default: those of this package and of the plug-ins that it depends on. */
  registry?: Registry;
  /** Where `evaluate` keeps features of real images for the next time. Default: nowhere. */
  cacheFolder?: string;
  /** Where the backend may be said besides. Default: nowhere. */
  configSources?: Pick<ConfigSources, 'userFolder' | 'env'>;
}

export interface GenerateRequest extends LatentOptions {
  /** `n` images of one seed; image i depends on the seed and i only, not on `n`. Default 1 of seed 0. */
  n?: number;
  seed?: number;
  /** Instead: the first image of each of these seeds. */
  seeds?: readonly number[];
  /**
   * Of a conditional run: the same images of each of these classes, one class after the other. Default: each image is
   * of a class of its own, as often as the data have them; it depends on the seed, too.
   */
  classes?: readonly ClassChoice[];
}

export interface InterpolateRequest extends LatentOptions {
  /** Where the way leads through. */
  seeds: readonly number[];
  /**
   * Of a conditional run: the classes where the way leads through, one at each seed; of fewer seeds, or fewer classes,
   * the first ones come again. Default: those of the seeds.
   */
  classes?: readonly ClassChoice[];
  /** From one seed to the next, the first of the two included. */
  frames: number;
  /** Back to the first seed; otherwise the last seed is the last frame. Default true. */
  loop?: boolean;
}

/** Of a conditional run. */
export interface OfClass {
  /** What the images are of. Default: the class of the seed, or of seed 0. */
  class?: ClassChoice;
}

export interface DirectionsRequest extends LatentOptions, DirectionOptions, OfClass {
  /** The image that is moved from: the first one of this seed. Default 0. */
  from?: number;
  /** Images along each direction, the unmoved one in the middle: an odd number. Default 7. */
  images?: number;
  /** How far the first and the last are moved, in standard deviations of a number of a latent. Default 4. */
  reach?: number;
}

export interface EvaluateRequest {
  /** By name, or with options. Default: those that the run names, or `standardMetrics` where it names none. */
  metrics?: readonly ListedPartConfig[];
  /** Images to compare, at most. Default: what the run says (`metricImages`). */
  images?: number;
  /** A folder of real images, or `builtin:NAME`. Default: the data of the run. */
  data?: string;
  /** `pixels`, or the file of a feature network. Default: what the run says (`features`). */
  features?: string;
  /** Measures the images of each class of a conditional run, too: those with at least 50 real images. */
  byClass?: boolean;
  /** How many random halves of the images to measure for 95 % intervals; 0, the default: no intervals. */
  halves?: number;
}

export interface ProjectedImages extends Projection {
  /** What the generator makes of the latents, as bytes [n, height, width, channels]. */
  images: HostTensor;
}

/** The metrics of a run that names none. */
export const standardMetrics: readonly string[] = [
  'fd',
  'kid',
  'precision',
  'recall',
  'density',
  'coverage',
  'checkerboard',
];

/**
 * A run that was trained, for what is done with it afterwards:
 *
 *     const run = await openRun('runs/photos', {checkpoint: 'best'});
 *     const {data, shape} = await run.generate({n: 16, seed: 1});
 *     await run.export('onnx', 'generator.onnx');
 *     await run.close();
 *
 * A device is opened when something has to compute. Only `evaluate` needs the data.
 * @throws GanError GAN_RUN_NOT_FOUND (exit 5)
 */
export function openRun(dir: string, options: RunOptions = {}): Promise<Run> {
  return inWords(open(dir, options));
}

async function open(dir: string, options: RunOptions): Promise<Run> {
  const folder = new RunFolder(dir);
  return new Run(folder, await folder.readConfig(), options);
}

/** Images of a request. */
const imageCount = ({n = 1, seeds, classes}: GenerateRequest): number => (seeds?.length ?? n) * (classes?.length ?? 1);

/** See `openRun`. */
export class Run {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly #options: RunOptions;
  readonly #registry: Registry;
  /** Of what was made: in reverse order. */
  readonly #disposals: (() => unknown)[] = [];

  constructor(folder: RunFolder, config: RunConfig, options: RunOptions) {
    this.folder = folder;
    this.config = config;
    this.#options = options;
    this.#registry = options.registry ?? openRegistry();
  }

  /**
   * What everything is drawn from: the folder of a checkpoint, or the model.safetensors of an exported run.
   * @throws GanError GAN_NO_CHECKPOINT, GAN_CHECKPOINT (exit 5)
   */
  async checkpoint(): Promise<string> {
    return (await this.#drawn()).path;
  }

  /**
   * Both networks by the names and in the layout of PyTorch: `generator.1.0.weight`, ... @throws GanError
   * GAN_NO_CHECKPOINT, GAN_CHECKPOINT
   */
  async weights(): Promise<StateDict> {
    return (await this.#drawn()).weights;
  }

  readonly #drawn = once(async (): Promise<Drawn> => {
    const model = await readModel(this.folder, this.#options);
    if (model) return model;
    const checkpoint = await readRunCheckpoint(
      this.folder,
      this.#options.checkpoint ?? 'newest',
      (step) => `--checkpoint ${step}   uses the checkpoint of step ${step}.`,
    );
    const {weights} = this.#options;
    if (weights === 'averaged' && checkpoint.emaWeights.size === 0)
      throw new GanError('usage', 'GAN_USAGE', `the run ${this.folder.dir} keeps no average of its weights`, {
        suggestions: ['leave out --weights averaged', 'train with --ema-half-life'],
      });
    return {
      path: checkpoint.path,
      step: checkpoint.position.step,
      classes: classesOf(checkpoint),
      choice: checkpoint.emaWeights.size > 0 && weights !== 'trained' ? 'averaged' : 'trained',
      weights: weightsOf(checkpoint, weights),
    };
  });

  /** The device, which is opened by the first call. @throws GanError GAN_BACKEND_UNAVAILABLE (exit 4) */
  readonly device = once(async (): Promise<Device> => {
    const {backend} = await this.#resolved();
    const {deviceName, device} = this.#options;
    const opened = await openDeviceFor(this.#registry, {
      backend,
      ...(device && {device}),
      ...(deviceName && {deviceName}),
    });
    this.#disposals.push(opened.close);
    return opened.device;
  });

  /** What the networks are conditional on; undefined of a run that is not. @throws as `checkpoint` */
  async classes(): Promise<Classes | undefined> {
    return (await this.#drawn()).classes;
  }

  /**
   * The generator with the weights of the checkpoint, in eval mode; of a conditional run it takes shares of the
   * classes, too, [batch, classes]. Belongs to the run: `close` frees it.
   */
  readonly generator = once(async (): Promise<Module> => {
    const weights = await this.weights();
    const classes = await this.classes();
    await this.device();
    const architecture = await createArchitecture(this.#registry, (await this.#resolved()).config);
    const generator = architecture.generator({
      ...imageShapeOf(this.config),
      latentSize: this.config.latent,
      ...(classes && {classes: rowCount(classes)}),
    });
    this.#disposals.push(() => generator.dispose());
    if (!classes) this.#assertUnconditional({generator});
    generator.eval().loadStateDict(withoutPrefix('generator.', weights));
    return generator;
  });

  /** Both networks with the weights of the checkpoint, in eval mode. They belong to the run: `close` frees them. */
  readonly networks = once(async (): Promise<Networks> => {
    const weights = await this.weights();
    await this.device();
    const architecture = await createArchitecture(this.#registry, (await this.#resolved()).config);
    const classes = await this.classes();
    const networks = await makeNetworks(this.config, architecture, classes);
    for (const name of ['generator', 'critic'] as const) {
      this.#disposals.push(() => networks[name].dispose());
      if (!classes) this.#assertUnconditional({[name]: networks[name]});
      networks[name].eval().loadStateDict(withoutPrefix(`${name}.`, weights));
    }
    return networks;
  });

  /**
   * One image of each latent: [latentSize] each -> bytes [n, height, width, channels].
   * @param shares of a conditional run: of each image, a share of each class. Default: the class of seed 0's image
   * of the same place
   * @throws GanError GAN_LATENT_SIZE, GAN_LABELS where the run is not conditional, or has another number of classes
   */
  async draw(latents: readonly Float32Array[], shares?: readonly Float32Array[]): Promise<HostTensor> {
    const [generator, {generateImages}] = [await this.generator(), await import('../gan/gan-learner.js')];
    const {latent: latentSize} = this.config;
    const {height, width, channels} = imageShapeOf(this.config);
    const item = height * width * channels;
    const labels = await this.#labelsOf(latents.length, shares);
    const wrong = latents.find(({length}) => length !== latentSize);
    if (wrong)
      throw new GanError(
        'usage',
        'GAN_LATENT_SIZE',
        `the latents have ${wrong.length} numbers, but the run's generator takes ${latentSize}`,
      );
    const normalization = Normalization.symmetric(channels);
    const {floats = false} = this.#options;
    const images = floats ? new Float32Array(latents.length * item) : new Uint8Array(latents.length * item);
    const atOnce = this.#atOnce();
    for (let start = 0; start < latents.length; start += atOnce) {
      const batch = latents.slice(start, start + atOnce);
      const made = await generateImages(
        generator,
        {data: joinRows(batch), shape: [batch.length, latentSize]},
        {normalization, floats},
        labels && joinRows(labels.slice(start, start + atOnce)),
      );
      images.set(made.data, start * item);
    }
    return {data: images, shape: [latents.length, height, width, channels]};
  }

  /** @throws GanError GAN_LABELS */
  async #labelsOf(
    count: number,
    shares: readonly Float32Array[] | undefined,
  ): Promise<readonly Float32Array[] | undefined> {
    const classes = await this.classes();
    if (!classes) {
      if (shares) throw this.#notConditional();
      return undefined;
    }
    const labels = shares ?? Array.from({length: count}, (_, i) => drawClass(classes, 0, i));
    const wrong = labels.length !== count || labels.some(({length}) => length !== rowCount(classes));
    if (!wrong) return labels;
    throw new GanError(
      'usage',
      'GAN_LABELS',
      `the run's generator takes shares of ${rowCount(classes)} classes for each of the ${count} images`,
    );
  }

  #notConditional(): GanError {
    return new GanError(
      'usage',
      'GAN_LABELS',
      `the run ${this.folder.dir} is not conditional: its images have no classes that can be asked for`,
      {suggestions: ['gan fit DATA --conditional   trains a run that is']},
    );
  }

  /** Choices as the generator gets them. @throws GanError GAN_LABELS, GAN_CLASS (exit 2) */
  async #chosen(choices: readonly ClassChoice[]): Promise<Float32Array[]> {
    const classes = await this.classes();
    if (!classes) throw this.#notConditional();
    return choices.map((choice) => classShares(classes, choice));
  }

  /** The class of an image; undefined of a run that is not conditional. */
  async #classOf(seed: number, index = 0): Promise<Float32Array | undefined> {
    const classes = await this.classes();
    return classes && drawClass(classes, seed, index);
  }

  /** Images from seeds, as bytes [n, height, width, channels]. @throws GanError GAN_TOO_MANY_IMAGES (exit 2) */
  async generate(request: GenerateRequest = {}): Promise<HostTensor> {
    const count = imageCount(request);
    this.#assertHeld(count);
    return this.#drawPart(request, 0, count);
  }

  /** The same as bytes, also where images are drawn as floats. */
  async #bytes(request: GenerateRequest): Promise<HostTensor> {
    const {data, shape} = await this.generate(request);
    return Normalization.symmetric(this.config.channels).undo(data, shape);
  }

  /** The images of `generate`, a pass of the generator at a time: however many they are, they take little memory. */
  async *generateParts(request: GenerateRequest = {}): AsyncGenerator<HostTensor, void> {
    const [count, atOnce] = [imageCount(request), this.#atOnce()];
    for (let from = 0; from < count; from += atOnce)
      yield await this.#drawPart(request, from, Math.min(atOnce, count - from));
  }

  /** Images of a request, from number `from` on. */
  async #drawPart(
    {n = 1, seed = 0, seeds, classes, ...options}: GenerateRequest,
    from: number,
    count: number,
  ): Promise<HostTensor> {
    const {latent} = this.config;
    const ofClass = seeds?.length ?? n;
    const chosen = classes && (await this.#chosen(classes));
    const [latents, shares]: [Float32Array[], Float32Array[]] = [[], []];
    for (let at = from; at < from + count; at++) {
      const i = at % ofClass;
      const [ofSeed, index] = seeds ? [seeds[i]!, 0] : [seed, i];
      latents.push(drawLatent(latent, ofSeed, index, options));
      const share = chosen ? chosen[Math.floor(at / ofClass)]! : await this.#classOf(ofSeed, index);
      if (share) shares.push(share);
    }
    return this.draw(latents, shares.length > 0 ? shares : undefined);
  }

  #atOnce(): number {
    return Math.min(mostAtOnce, imagesAtOnceAnywhere(this.config.size, this.config.batchSize));
  }

  /** @throws GanError GAN_TOO_MANY_IMAGES (exit 2) where images have more bytes than are held at a time */
  #assertHeld(count: number): void {
    const {size, channels} = this.config;
    const [height, width] = sidesOf(size);
    const item = height * width * channels * (this.#options.floats ? 4 : 1);
    const bytes = count * item;
    if (!(bytes > mostBytes)) return;
    throw new GanError(
      'usage',
      'GAN_TOO_MANY_IMAGES',
      `${count} images of ${sizeText(size)} pixels with ${channels} channels have ${(bytes / 1e9).toFixed(1)} GB; at most ${(mostBytes / 1e9).toFixed(1)} GB are drawn at a time`,
      {suggestions: [`Draw at most ${Math.floor(mostBytes / item)} at a time, with other seeds.`]},
    );
  }

  /** Images on the way from seed to seed along great circles, as bytes [n, height, width, channels]. */
  async interpolate({seeds, frames, loop = true, classes, ...options}: InterpolateRequest): Promise<HostTensor> {
    const count = Math.max(seeds.length, classes?.length ?? 0);
    this.#assertHeld(count * frames);
    const stops = Array.from({length: count}, (_, i) => seeds[i % seeds.length]!);
    const latents = stops.map((seed) => drawLatent(this.config.latent, seed, 0, options));
    const chosen = classes && (await this.#chosen(classes));
    const shares = await Promise.all(stops.map(async (seed, i) => chosen?.[i % chosen.length] ?? this.#classOf(seed)));
    const way = shares[0] && pathBetween(shares as Float32Array[], frames, loop, mixShares);
    return this.draw(latentPath(latents, frames, loop), way);
  }

  /**
   * The directions of the latent space that change the images most.
   * @throws GanError of `latentDirections`
   */
  async directions(options: DirectionOptions & OfClass = {}): Promise<LatentDirections> {
    const {class: choice, ...others} = options;
    return this.#directionsOf(await this.#oneClass(choice, 0), others);
  }

  async #directionsOf(shares: Float32Array | undefined, options: DirectionOptions): Promise<LatentDirections> {
    const {latentDirections} = await import('../gan/latent-directions.js');
    return this.#withLatents(shares, (generator) => latentDirections(generator, this.config.latent, options));
  }

  /** Shares of the class that was asked for, or of a seed's image; undefined of a run that is not conditional. */
  async #oneClass(choice: ClassChoice | undefined, seed: number): Promise<Float32Array | undefined> {
    return choice === undefined ? this.#classOf(seed) : (await this.#chosen([choice]))[0];
  }

  /** Uses the generator as one of latents alone: of a conditional run, that of a class. */
  async #withLatents<T>(shares: Float32Array | undefined, use: (generator: Module) => Promise<T>): Promise<T> {
    const generator = await this.generator();
    if (!shares) return use(generator);
    const {GeneratorOfClass} = await import('../gan/generator-of-class.js');
    const ofClass = new GeneratorOfClass(generator, shares);
    try {
      return await use(ofClass.eval());
    } finally {
      ofClass.disposeClass();
    }
  }

  /**
   * Images along each of these directions, one after the other: what they change can be seen.
   * @returns bytes [directions * images, height, width, channels]
   */
  async alongDirections({
    from = 0,
    images = 7,
    reach = 4,
    truncation,
    class: choice,
    ...options
  }: DirectionsRequest = {}): Promise<HostTensor> {
    const shares = await this.#oneClass(choice, from);
    const start = drawLatent(this.config.latent, from, 0, truncation === undefined ? {} : {truncation});
    this.#assertHeld((options.count ?? 10) * images);
    const {vectors} = await this.#directionsOf(shares, options);
    const latents = vectors.flatMap((vector) => movedAlong(start, vector, {images, reach}));
    return this.draw(latents, shares && latents.map(() => shares));
  }

  /**
   * The generator's images that are nearest to given ones: the latents by gradient descent (see `ProjectOptions`), to
   * draw, to mix or to interpolate from.
   * @param images files, or bytes [n, height, width, channels]
   * @param options with `class`, of a conditional run, what they are; default: the class of seed 0's first image
   * @throws GanError GAN_IMAGE_SHAPE for images of another shape than the run's
   */
  async project(
    images: HostTensor | readonly string[],
    {class: choice, ...options}: ProjectOptions & OfClass = {},
  ): Promise<ProjectedImages> {
    const shares = await this.#oneClass(choice, 0);
    const {projectImages} = await import('../gan/project.js');
    const {latent: latentSize} = this.config;
    const {height, width, channels} = imageShapeOf(this.config);
    const given = 'data' in images ? images : await this.#decode(images);
    if (given.shape.slice(1).join() !== [height, width, channels].join())
      throw new GanError(
        'usage',
        'GAN_IMAGE_SHAPE',
        `project: the images have the shape [${given.shape.join(', ')}], the run's [n, ${height}, ${width}, ${channels}]`,
        {suggestions: ['give the paths of image files: they are decoded to the size of the run']},
      );
    const normalization = Normalization.symmetric(channels);
    const projection = await this.#withLatents(shares, (generator) =>
      projectImages(generator, given, {latentSize, normalization}, options),
    );
    const drawn = await this.draw(projection.latents, shares && projection.latents.map(() => shares));
    return {...projection, images: drawn};
  }

  /** Image files at the size of the run, as its training sees them. */
  async #decode(files: readonly string[]): Promise<HostTensor> {
    const {decodeImage} = await import('../gan/data/decode.js');
    const {resize, decoding} = this.config;
    const {height, width, channels} = imageShapeOf(this.config);
    const item = height * width * channels;
    const options = {size: [height, width] as const, channels, resize, decoding};
    const images = await Promise.all(files.map((file) => decodeImage(file, options)));
    const data = new Uint8Array(files.length * item);
    images.forEach((image, i) => data.set(image, i * item));
    return {data, shape: [files.length, height, width, channels]};
  }

  /**
   * Metrics of as many generated images as real ones: see `evaluation`.
   * @returns values by the metrics' names
   */
  async evaluate(request: EvaluateRequest = {}): Promise<Record<string, number>> {
    const {metrics} = await this.evaluation(request);
    return Object.fromEntries(metrics.map(({name, value}) => [name, value]));
  }

  /**
   * Measures images that the generator makes against as many real ones: some of the validation data, or of the training
   * data where nothing is held out; new ones of data that a program draws. The latents are those that the training
   * measured with, so that values compare with those of its epochs. Nothing is written.
   */
  async evaluation({metrics, images, data, features, halves, byClass}: EvaluateRequest = {}): Promise<Evaluation> {
    const began = performance.now();
    const [generator, {ImageMeter}, {openFeatures}, {realImages}] = [
      await this.generator(),
      await import('../gan/metrics/image-meter.js'),
      await import('../gan/metrics/feature-file.js'),
      await import('./real-images.js'),
    ];
    const wanted = metrics ?? (this.config.metrics.length === 0 ? standardMetrics : undefined);
    const flags = flatten({...(wanted && {metrics: wanted}), ...(data !== undefined && {data})}, 'evaluate');
    const {config} = await this.#resolve({flags, withoutData: false});
    const parts = await createParts(this.#registry, config);
    const {latent, seed, metricImages, channels} = config;
    const classes = await this.classes();
    if (byClass && !classes) throw this.#notConditional();
    const extractor = await openFeatures(features ?? config.features);
    try {
      const {cacheFolder} = this.#options;
      const real = await realImages(config, {
        registry: this.#registry,
        count: images ?? metricImages,
        ...(cacheFolder !== undefined && {cacheFolder}),
      });
      const shared = {
        draw: (latents: Tensor, labels?: Tensor): Tensor =>
          labels ? generator.forward(latents, labels) : generator.forward(latents),
        atOnce: imagesAtOnceAnywhere(config.size, config.batchSize),
        normalization: Normalization.symmetric(channels),
        extractor,
        latent,
        seed,
      };
      const meter = new ImageMeter(parts.metrics, {...shared, real, ...(classes && {classes})});
      const some = halves === undefined ? {} : {halves};
      const measured = await meter.measure(some);
      const ofClasses = byClass && (await this.#byClass(config, parts, images ?? metricImages, {...shared, ...some}));
      const {step, choice} = await this.#drawn();
      return {
        at: new Date().toISOString(),
        step,
        weights: choice,
        data: config.data,
        images: real.count,
        features: extractor.name,
        seconds: (performance.now() - began) / 1000,
        metrics: measured,
        ...(ofClasses && {byClass: ofClasses}),
      };
    } finally {
      extractor.dispose();
    }
  }

  async #byClass(
    config: RunConfig,
    {metrics}: Pick<RunParts, 'metrics'>,
    count: number,
    options: Parameters<typeof evaluateByClass>[3],
  ): Promise<ClassEvaluation[]> {
    const [{evaluateByClass}, {labelledImages}] = [
      await import('./evaluate-by-class.js'),
      await import('./labelled-images.js'),
    ];
    const classes = (await this.classes())!;
    const source = await createSource(this.#registry, config.data, config.source);
    return evaluateByClass(metrics, await labelledImages(config, classes, {source, count}), classes, options);
  }

  /**
   * The training images that are nearest to some generated ones: does the generator copy? Of validation data, none
   * counts.
   * @param request `n` generated images, those of `generate({n})`; the features to compare, as `evaluation` has them
   */
  async nearest({n, features}: {n: number; features?: string}): Promise<NearestImages> {
    const [{openFeatures}, {nearestImages}, {makeDataLoaders}] = [
      await import('../gan/metrics/feature-file.js'),
      await import('../gan/metrics/nearest.js'),
      await import('./data.js'),
    ];
    const fakes = await this.#bytes({n});
    const {config} = await this.#resolve({withoutData: false});
    const source = await createSource(this.#registry, config.data, config.source);
    const loading = {batchSize: 256, dropLast: false, augment: []};
    const {train, normalization} = await makeDataLoaders(
      {...config, conditional: false},
      source ? {source} : {},
      loading,
    );
    const extractor = await openFeatures(features ?? config.features);
    try {
      return await nearestImages(fakes, train, {extractor, normalization});
    } finally {
      extractor.dispose();
    }
  }

  /**
   * Writes the run in a format of `gan export` and resolves to the paths of the files.
   * @param format by name, or made already
   * @param out the file or the folder to write, whichever the format is
   * @param options of the format
   */
  async export(
    format: string | Exporter,
    out: string,
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<string[]> {
    const exporter =
      typeof format === 'string' ? await this.#registry.create('exporter', format, givenOptions(options)) : format;
    const drawn = await this.#drawn();
    const trained: TrainedRun = {
      name: this.name,
      config: this.config,
      ...(drawn.classes && {classes: drawn.classes}),
      checkpoint: drawn.path,
      weights: drawn.weights,
      networks: this.networks,
      model: (type) => modelFiles(this.config, drawn, {type, version}),
      card: (request) => this.#card(drawn, request),
    };
    return exporter.write(trained, out);
  }

  /** The run's name: that of its folder. */
  get name(): string {
    return path.basename(path.resolve(this.folder.dir)) || 'run';
  }

  async #card(drawn: Drawn, request: CardRequest): Promise<Files> {
    const [{cardFacts, cardPicture, modelCard}, {encodePng}, {samplePicture}] = [
      await import('./model-card.js'),
      await import('../gan/data/png.js'),
      await import('../gan/data/grid.js'),
    ];
    const {name, config} = this;
    const card = modelCard(await cardFacts(this.folder, {name, config, drawn, version}), request);
    const images = await this.#bytes({n: cardPicture.images, seed: cardPicture.seed});
    return new Map<string, string | Uint8Array>([
      ['README.md', card],
      [cardPicture.name, await encodePng(samplePicture(images))],
    ]);
  }

  /** What can be told of the run without its networks. */
  summary(): Promise<RunSummary> {
    return summariseRun(this.folder.dir);
  }

  /** Frees the networks, and closes the device if this run opened it. */
  async close(): Promise<void> {
    for (const dispose of this.#disposals.splice(0).reverse()) await dispose();
  }

  /** @throws GanError GAN_LABELS when a network needs the class of each image, which nothing here gives */
  #assertUnconditional(networks: Readonly<Record<string, Module>>): void {
    const conditional = Object.keys(networks).find((name) => networks[name]!.takesLabels);
    if (conditional !== undefined)
      throw new GanError(
        'data',
        'GAN_LABELS',
        `the ${conditional} of the run ${this.folder.dir} (architecture ${this.config.arch.name}) is conditional: it needs the class of each image, and the run was trained without classes`,
        {
          suggestions: [
            'gan fit DATA --conditional   trains a run that is drawn, measured and exported by class',
            'use a GANLearner of the library: learn.load(...), then learn.generate(input, labels)',
          ],
        },
      );
  }

  /** The configuration with its parts checked: they may be of plug-ins that are gone. The data may be missing. */
  readonly #resolved = once(() => this.#resolve({withoutData: true}));

  #resolve(more: Pick<Parameters<typeof resolveConfig>[0], 'flags' | 'withoutData'>): Promise<ResolvedConfig> {
    const {backend, configSources} = this.#options;
    const given = typeof backend === 'string' ? {value: backend, origin: 'openRun'} : backend;
    return resolveConfig({
      ...configSources,
      ...more,
      registry: this.#registry,
      file: this.folder.configPath,
      values: this.config,
      ofRun: true,
      flags: new Map([...(given ? [['backend', given] as const] : []), ...(more.flags ?? [])]),
    });
  }
}

/** Calls `make` at the first call, and gives all callers the same promise. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
