/**
 * Checkpoints: a folder of tensors.safetensors (PyTorch's names and layout) and state.json (all else that training
 * depends on). It is written under a temporary name, synced and renamed, so that a folder of the right name is always
 * whole.
 */
import {createHash} from 'node:crypto';
import {mkdir, readFile, rename, rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {GanError} from '../errors.js';
import {syncFolder, writeFileAtomic} from './io/atomic-write.js';
import {decodeSafetensors, encodeSafetensors} from './io/safetensors.js';
import type {Learner} from './learner.js';
import type {StateDict, StateTensor} from './module.js';
import type {Hypers} from './optim/optimizer.js';
import {loadStreams, saveStreams, type StreamsState} from './streams.js';

const formatVersion = 1;
const tensorsFile = 'tensors.safetensors';
const stateFile = 'state.json';

/** The point where training continues: before batch `batch` of epoch `epoch`, after `step` optimizer steps. */
export interface Position {
  epoch: number;
  batch: number;
  step: number;
}

interface SavedState {
  format: number;
  position: Position;
  seed: number;
  streams: StreamsState;
  optimizer?: {rule: string; hypers: Hypers[]; everTrained: string[]; frozenIdx: number};
  frozen: string[];
  /** Those that are not the optimiser's; absent when there are none. */
  hyperparameters?: Record<string, number>;
  /** Of the generator's averaged weights; absent when there are none. */
  ema?: {halfLife: number; images: number};
  callbacks: Record<string, unknown>;
  sha256: string;
}

export interface Checkpoint extends Omit<SavedState, 'format' | 'sha256'> {
  model: StateDict;
  averages: StateDict;
  /** Averaged weights, `generator.` before their names; empty when the training keeps none. */
  emaWeights: StateDict;
  /** Its folder, for messages. */
  path: string;
}

/** What a training's state has beside tensors, and changes from event to event. */
export type Moment = Pick<SavedState, 'streams' | 'hyperparameters' | 'callbacks'>;

export async function momentOf(learn: Learner): Promise<Moment> {
  await learn.readLosses(); // callbacks keep what they make of them
  const hyperparameters = learn.hyperparameters.save();
  return {
    streams: saveStreams(learn.streams),
    ...(Object.keys(hyperparameters).length > 0 && {hyperparameters}),
    callbacks: await learn.callbackStates(),
  };
}

/** Bytes of a checkpoint, roughly, before the first step has made what it will hold. */
export function checkpointBytes(learn: Learner): number {
  const averages = learn.opt?.rules.map((rule, i) => rule.averages(learn.opt!.hypers[i]!).length) ?? [];
  const copies = 1 + Math.max(0, ...averages) + (learn.ema ? 1 : 0);
  const tensors = learn.model.modules().flatMap((module) => module.entries());
  const elements = tensors.reduce((sum, [, entry]) => sum + ('size' in entry ? entry.size : 1), 0);
  return 4 * copies * elements + 200 * copies * tensors.length + (1 << 16);
}

/**
 * Writes a checkpoint of the learner to the folder `path`, replacing one that is there.
 * @param moment of the weights of now, where that has changed since
 * @throws GanError GAN_DIVERGED (and writes nothing) when a tensor holds a value that is not finite
 */
export async function saveCheckpoint(learn: Learner, path: string, position: Position, moment?: Moment): Promise<void> {
  const {streams, hyperparameters, callbacks} = moment ?? (await momentOf(learn));
  const names = learn.parameterNames();
  const tensors: StateDict = new Map([
    ...prefixed('model.', await learn.model.stateDict()),
    ...prefixed('optimizer.', (await learn.opt?.stateDict(names)) ?? new Map<string, StateTensor>()),
    ...prefixed('ema.generator.', (await learn.ema?.stateDict()) ?? new Map<string, StateTensor>()),
  ]);
  assertFinite(tensors, position);
  const bytes = encodeSafetensors(tensors, {format: 'pt'});
  const state: SavedState = {
    format: formatVersion,
    position,
    seed: learn.streams.seed,
    streams,
    ...(learn.opt && {
      optimizer: {
        rule: learn.opt.ruleName,
        hypers: learn.opt.hypers,
        everTrained: [...learn.everTrained].map((parameter) => names.get(parameter)!),
        frozenIdx: learn.opt.frozenIdx,
      },
    }),
    frozen: [...names].filter(([{requiresGrad}]) => !requiresGrad).map(([, name]) => name),
    ...(learn.ema && {ema: {halfLife: learn.ema.halfLife, images: learn.ema.images}}),
    ...(hyperparameters && {hyperparameters}),
    callbacks,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  const temporary = `${path}.${process.pid}.tmp`;
  await rm(temporary, {recursive: true, force: true});
  await mkdir(temporary, {recursive: true});
  await writeFileAtomic(join(temporary, tensorsFile), bytes);
  await writeFileAtomic(join(temporary, stateFile), `${JSON.stringify(state, null, 2)}\n`);
  await replaceFolder(path, temporary);
}

/**
 * Puts `fresh` in the place of `path`; what was there is set aside until the new one stands, and the renames are made
 * durable.
 */
async function replaceFolder(path: string, fresh: string): Promise<void> {
  const old = `${path}.${process.pid}.old`;
  await rm(old, {recursive: true, force: true});
  await rename(path, old).catch(ignoreMissing);
  await rename(fresh, path);
  await syncFolder(dirname(path));
  await rm(old, {recursive: true, force: true});
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

function assertFinite(tensors: StateDict, {step}: Position): void {
  for (const [name, {data}] of tensors) {
    if (data instanceof Float32Array && data.some((value) => !Number.isFinite(value))) {
      throw new GanError('diverged', 'GAN_DIVERGED', `after step ${step}, ${name} holds values that are not finite`, {
        suggestions: ['lower the learning rate'],
      });
    }
  }
}

/**
 * Reads and checks a checkpoint.
 * @throws GanError GAN_CHECKPOINT when it is missing, damaged, or of a newer format
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const fault = (why: string, cause?: unknown): GanError =>
    new GanError('data', 'GAN_CHECKPOINT', `${path} cannot be used as a checkpoint: ${why}`, {
      ...(cause !== undefined && {cause}),
      suggestions: ['use an older checkpoint of the run'],
    });
  const read = async (file: string): Promise<Buffer> =>
    readFile(join(path, file)).catch((error: unknown) => {
      throw fault(`${file} cannot be read`, error);
    });
  const [bytes, text] = [await read(tensorsFile), await read(stateFile)];
  let saved: SavedState;
  try {
    saved = JSON.parse(text.toString()) as SavedState;
  } catch (error) {
    throw fault(`${stateFile} is no JSON`, error);
  }
  if (saved === null || typeof saved !== 'object') throw fault(`${stateFile} is no object`);
  const {format, sha256, ...state} = saved;
  if (format !== formatVersion) throw fault(`it has format ${format}, this version of gan reads ${formatVersion}`);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw fault(`${tensorsFile} is damaged: its checksum is wrong`);
  const {tensors} = decodeSafetensors(bytes, join(path, tensorsFile));
  return {
    ...state,
    path,
    model: withoutPrefix('model.', tensors),
    averages: withoutPrefix('optimizer.', tensors),
    emaWeights: withoutPrefix('ema.', tensors),
  };
}

/**
 * Which of a generator's weights: those averaged over the training, where a checkpoint has them, or those that are
 * being trained.
 */
export type WeightsChoice = 'averaged' | 'trained';

/** Weights of both networks in a checkpoint, by PyTorch's names. Averaged ones take the places of the generator's. */
export const weightsOf = (
  {model, emaWeights}: Pick<Checkpoint, 'model' | 'emaWeights'>,
  choice: WeightsChoice = 'averaged',
): StateDict => (choice === 'averaged' ? new Map([...model, ...emaWeights]) : model);

/**
 * Puts the networks, the optimiser and the averaged weights into the state of a checkpoint. The optimiser is made when
 * there is none. An
 * average that the checkpoint does not have begins anew.
 * @throws GanError GAN_CHECKPOINT, GAN_STATE_MISMATCH: then nothing of the networks is changed
 */
export function restoreNetworks(
  learn: Learner,
  {model, averages, optimizer, frozen, ema, emaWeights}: Checkpoint,
): void {
  learn.model.assertFits(model);
  const opt = optimizer && (learn.opt ?? learn.createOpt());
  if (opt && (opt.ruleName !== optimizer.rule || opt.groups.length !== optimizer.hypers.length)) {
    throw new GanError(
      'config',
      'GAN_CHECKPOINT',
      `the checkpoint is of ${optimizer.rule} with ${optimizer.hypers.length} parameter groups, the learner has ${opt.ruleName} with ${opt.groups.length}`,
    );
  }
  learn.model.loadStateDict(model);
  const names = learn.parameterNames();
  if (opt) {
    opt.loadStateDict(averages, names);
    opt.hypers.forEach((hypers, i) => Object.assign(hypers, optimizer.hypers[i]));
    opt.frozenIdx = optimizer.frozenIdx;
    learn.everTrained.clear();
    for (const [parameter, name] of names) if (optimizer.everTrained.includes(name)) learn.everTrained.add(parameter);
  }
  if (learn.ema) {
    learn.ema.restart();
    if (ema) {
      learn.ema.loadStateDict(withoutPrefix('generator.', emaWeights));
      learn.ema.images = ema.images;
    }
  }
  const frozenNames = new Set(frozen);
  for (const [parameter, name] of names) parameter.requiresGrad = !frozenNames.has(name);
}

/**
 * Returns the arguments for `fit({startEpoch, startIter, restore})`, which continues exactly where the checkpoint was
 * written. Callbacks are restored last, because their state overrides what the events of a starting fit have just
 * reset.
 * @param options with `otherSeed` the learner may have another seed than the checkpoint: it then goes on with its own
 * random numbers
 */
export function resumeFrom(
  learn: Learner,
  checkpoint: Checkpoint,
  {otherSeed = false}: {otherSeed?: boolean} = {},
): {startEpoch: number; startIter: number; restore: () => void} {
  const {position, seed, streams, hyperparameters = {}, callbacks} = checkpoint;
  const isReseeded = seed !== learn.streams.seed;
  if (isReseeded && !otherSeed)
    throw new GanError(
      'config',
      'GAN_CHECKPOINT',
      `the checkpoint was made with seed ${seed}, the learner has ${learn.streams.seed}`,
    );
  return {
    startEpoch: position.epoch,
    startIter: position.batch,
    restore() {
      if (!isReseeded) loadStreams(learn.streams, streams);
      learn.iter = position.batch;
      learn.step = position.step;
      learn.hyperparameters.load(hyperparameters);
      learn.loadCallbackStates(callbacks);
      restoreNetworks(learn, checkpoint);
    },
  };
}

/** Writes networks and optimiser to `<path>/<modelDir>/<name>/` of the learner and returns that folder. */
export async function saveLearner(learn: Learner, name: string): Promise<string> {
  const folder = join(learn.path, learn.modelDir, name);
  await mkdir(dirname(folder), {recursive: true});
  await saveCheckpoint(learn, folder, {epoch: learn.epoch, batch: learn.iter, step: learn.step});
  return folder;
}

/** Puts networks and optimiser into the state that `saveLearner` wrote. */
export async function loadLearner(learn: Learner, name: string): Promise<void> {
  restoreNetworks(learn, await readCheckpoint(join(learn.path, learn.modelDir, name)));
}

function prefixed(prefix: string, state: StateDict): StateDict {
  return new Map([...state].map(([name, tensor]) => [prefix + name, tensor]));
}

export function withoutPrefix(prefix: string, state: StateDict): StateDict {
  return new Map(
    [...state].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}
