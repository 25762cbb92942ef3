/**
 * A trained run without its training: config.json and model.safetensors, which `gan export --format hub` writes. A
 * folder of them is opened like a run folder, to draw, to measure and to export from.
 */
import {stat} from 'node:fs/promises';
import path from 'node:path';
import {dataSource} from '../config/data.js';
import {GanError} from '../errors.js';
import type {Classes} from '../gan/classes.js';
import type {WeightsChoice} from '../gan/checkpoint.js';
import type {Files} from '../gan/export/trained-run.js';
import {readRegular} from '../gan/io/read-file.js';
import {decodeSafetensors, encodeSafetensors, type WeightType} from '../gan/io/safetensors.js';
import type {StateDict} from '../gan/module.js';
import {scalarFacts, scalarKeys} from '../options/config-keys.js';
import {withChecksum} from '../options/json.js';
import type {RunConfig} from '../options/run-config.js';
import {classesName, modelName, RunFolder, type CheckpointSelector} from './run-folder.js';

/** The weights that a run is drawn from. */
export interface Drawn {
  /** The folder of the checkpoint, or the file of the exported model. */
  path: string;
  /** Optimiser steps done. */
  step: number;
  /** Which of the generator's weights they are. */
  choice: WeightsChoice;
  /** Of both networks, by PyTorch's names. */
  weights: StateDict;
  /** What they are conditional on. */
  classes: Classes | undefined;
}

/**
 * config.json and model.safetensors; of a conditional run, classes.json.
 * @throws GanError GAN_HALF_PRECISION (exit 2)
 */
export function modelFiles(
  config: RunConfig,
  {step, choice, weights, classes}: Drawn,
  {type, version}: {type: WeightType; version: string},
): Files {
  const metadata = {format: 'pt', producer: `gankit ${version}`, step: String(step), weights: choice};
  return new Map<string, string | Uint8Array>([
    ['config.json', withChecksum(withoutPlaces(config), 2)],
    [modelName, encodeSafetensors(weights, metadata, type)],
    ...(classes ? ([[classesName, withChecksum(classes, 2)]] as const) : []),
  ]);
}

/** The configuration without the places of files on the machine that trained: only the names of the files stay. */
function withoutPlaces(config: RunConfig): RunConfig {
  const values: Record<string, unknown> = {...config, data: dataTitle(config.data)};
  for (const key of scalarKeys)
    if ('path' in scalarFacts(key) && typeof values[key] === 'string') values[key] = baseName(values[key]);
  return values as unknown as RunConfig;
}

/** What a run's data is called outside of its machine: `builtin:NAME`, or the name of the folder. */
export const dataTitle = (data: string): string => (dataSource(data) === undefined ? baseName(data) : data);

/** The last name in a path of any system. */
const baseName = (file: string): string => file.split(/[/\\]/).findLast((name) => name !== '') ?? file;

/** True if a folder is an exported model and no run: it has weights, and no checkpoints. */
export async function isExported(dir: string): Promise<boolean> {
  const isFile = await stat(path.join(dir, modelName)).then(
    (stats) => stats.isFile(),
    () => false,
  );
  return isFile && (await new RunFolder(dir).checkpointSteps()).length === 0;
}

/**
 * The weights of an exported folder; undefined for a run folder, which has checkpoints, and for one that has neither.
 * @throws GanError GAN_FILE_UNREADABLE, GAN_FILE_BROKEN, GAN_NO_CHECKPOINT (exit 5)
 */
export async function readModel(
  folder: RunFolder,
  {checkpoint = 'newest', weights}: {checkpoint?: CheckpointSelector | undefined; weights?: WeightsChoice | undefined},
): Promise<Drawn | undefined> {
  const file = path.join(folder.dir, modelName);
  const bytes = (await folder.checkpointSteps()).length > 0 ? undefined : await readRegular(file);
  if (!bytes) return undefined;
  const {tensors, metadata} = decodeSafetensors(bytes, file);
  const step = /^\d{1,15}$/.test(metadata['step'] ?? '') ? Number(metadata['step']) : 0;
  const choice = metadata['weights'] === 'averaged' ? 'averaged' : 'trained';
  const refuse = (what: string): GanError =>
    new GanError('data', 'GAN_NO_CHECKPOINT', `${folder.dir} is an exported model and has ${what}`, {
      suggestions: ['leave out --checkpoint and --weights: the model is what was chosen at its export'],
    });
  if (checkpoint !== 'newest' && checkpoint !== step) throw refuse(`the weights of step ${step} only`);
  if (weights !== undefined && weights !== choice) throw refuse(`no ${weights} weights`);
  return {path: file, step, choice, weights: tensors, classes: await folder.readClasses()};
}
