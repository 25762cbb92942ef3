/**
 * Checkpoints: a folder of tensors.safetensors (PyTorch's names and layout) and state.json (all else that training
 * depends on). It is written under a temporary name, synced and renamed, so that a folder of the right name is always
 * whole.
 */
import {createHash} from 'node:crypto';
import {mkdir, readdir, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {GanError, isGanError, messageOf} from '../errors.js';
import {
  anything,
  isRecord,
  JsonError,
  list,
  number,
  object,
  optional,
  parseJson,
  record,
  text,
  whole,
  withChecksum,
  withoutChecksum,
  type Check,
} from '../options/json.js';
import {syncFolder, temporaryName, underName, writeFileAtomic} from './io/atomic-write.js';
import {renameOver} from './io/rename.js';
import {readRegular} from './io/read-file.js';
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

const int32: Check<number> = (value, at) => whole(-(2 ** 31))(value, at) | 0;
const checkStream = object({
  seed: text,
  words: (value: unknown, at: string) => list(int32, 4)(value, at) as [number, number, number, number],
});
const checkState: Check<SavedState> = object({
  format: whole(),
  position: object({epoch: whole(), batch: whole(), step: whole()}),
  seed: number,
  streams: object({weights: checkStream, dropout: checkStream}),
  optimizer: optional(
    object({
      rule: text,
      hypers: list((value: unknown, at: string) => ({
        ...record(number)(value, at),
        ...object({lr: number, wd: number})(value, at),
      })),
      everTrained: list(text),
      frozenIdx: whole(),
    }),
  ),
  frozen: list(text),
  hyperparameters: optional(record(number)),
  ema: optional(object({halfLife: number, images: number})),
  callbacks: record(anything),
  sha256: text,
});

/** state.json has a few kilobytes, unless a callback keeps much. */
const mostStateBytes = 256 << 20;

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
        everTrained: [...names].filter(([each]) => learn.everTrained.has(each)).map(([, name]) => name),
        frozenIdx: learn.opt.frozenIdx,
      },
    }),
    frozen: [...names].filter(([{requiresGrad}]) => !requiresGrad).map(([, name]) => name),
    ...(learn.ema && {ema: {halfLife: learn.ema.halfLife, images: learn.ema.images}}),
    ...(hyperparameters && {hyperparameters}),
    callbacks,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  await removeLeftovers(path);
  const temporary = temporaryName(path);
  try {
    const write = async (): Promise<void> => {
      await mkdir(temporary, {recursive: true});
      await writeFileAtomic(join(temporary, tensorsFile), bytes);
      await writeFileAtomic(join(temporary, stateFile), withChecksum(state, 2));
      await replaceFolder(path, temporary);
    };
    await underName({temporary, path}, write());
  } catch (error) {
    await rm(temporary, {recursive: true, force: true}).catch(() => {}); // what went wrong first is told
    throw error;
  }
}

/** What a process of the same number left half written, before it crashed. Others may be at work. */
async function removeLeftovers(path: string): Promise<void> {
  const leftover = new RegExp(`^\\.${process.pid}(-[\\da-f]+)?\\.tmp$`);
  const names = await readdir(dirname(path)).catch((): string[] => []);
  for (const name of names)
    if (name.startsWith(basename(path)) && leftover.test(name.slice(basename(path).length)))
      await rm(join(dirname(path), name), {recursive: true});
}

/**
 * Puts `fresh` in the place of `path`; what was there is set aside until the new one stands, and the renames are made
 * durable.
 */
async function replaceFolder(path: string, fresh: string): Promise<void> {
  const old = `${path}.${process.pid}.old`;
  await rm(old, {recursive: true, force: true});
  await renameOver(path, old).catch(ignoreMissing);
  await renameOver(fresh, path);
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

const fault = (path: string, why: string, cause?: unknown): GanError =>
  new GanError('data', 'GAN_CHECKPOINT', `${path} cannot be used as a checkpoint: ${why}`, {
    ...(cause !== undefined && {cause}),
    suggestions: ['use an older checkpoint of the run'],
  });

async function readFileOf(path: string, file: string, maxBytes?: number): Promise<Buffer> {
  const bytes = await readRegular(join(path, file), maxBytes).catch((error: unknown) => {
    throw fault(path, `${file} cannot be read: ${messageOf(error)}`, error);
  });
  if (!bytes) throw fault(path, `${file} cannot be read: there is none`);
  return bytes;
}

/**
 * Reads and checks what a checkpoint holds beside its tensors.
 * @throws GanError GAN_CHECKPOINT when it is missing, damaged, or of a newer format
 */
export async function readCheckpointState(path: string): Promise<Omit<SavedState, 'format'>> {
  const bytes = await readFileOf(path, stateFile, mostStateBytes);
  try {
    const parsed = parseJson(bytes.toString());
    if (!isRecord(parsed)) throw new JsonError('is no object');
    const {format: found} = parsed;
    if (found !== formatVersion)
      throw fault(path, `it has format ${JSON.stringify(found)}, this version of gan reads ${formatVersion}`);
    const {format: _, ...state} = checkState(withoutChecksum(parsed), '');
    return state;
  } catch (error) {
    throw error instanceof JsonError ? fault(path, `${stateFile} ${error.message}`, error) : error;
  }
}

/**
 * Reads and checks a checkpoint.
 * @throws GanError GAN_CHECKPOINT when it is missing, damaged, or of a newer format
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFileOf(path, tensorsFile);
  const {sha256, ...state} = await readCheckpointState(path);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw fault(path, `${tensorsFile} is damaged: its checksum is wrong`);
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
      learn.iter = position.batch;
      learn.step = position.step;
      try {
        if (!isReseeded) loadStreams(learn.streams, streams);
        learn.hyperparameters.load(hyperparameters);
        learn.loadCallbackStates(callbacks);
      } catch (error) {
        throw isGanError(error) ? error : unfit(checkpoint, error);
      }
      restoreNetworks(learn, checkpoint);
    },
  };
}

/** What callbacks saved is theirs: a checkpoint without a checksum may hold anything. */
const unfit = ({path}: Checkpoint, cause: unknown): GanError =>
  new GanError(
    'data',
    'GAN_CHECKPOINT',
    `${path} cannot be used as a checkpoint: ${stateFile} does not fit this training: ${messageOf(cause)}`,
    {suggestions: ['use an older checkpoint of the run: --from STEP'], cause},
  );

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
