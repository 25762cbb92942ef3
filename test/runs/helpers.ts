import {expect} from 'chai';
import {readFileSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {openBackend} from '../../dist/runs/devices/open-backend.js';
import type {Device} from '../../dist/backends/device.js';
import type {RunParts} from '../../dist/config/parts.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {readCheckpoint} from '../../dist/gan/checkpoint.js';
import type {StateDict} from '../../dist/gan/module.js';
import type {RunConfig} from '../../dist/options/run-config.js';
import {openTraining} from '../../dist/runs/open-training.js';
import type {TrainEvent, TrainResult} from '../../dist/runs/train.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import type {Registry} from '../../dist/plugin/registry.js';

/** The smallest networks and data: 52 images of 16x16 in 6 batches of 8, so that 40 steps are several epochs. */
export const tinySettings: readonly string[] = [
  'recipe=wgan',
  'size=16',
  'latent=8',
  'batchSize=8',
  'arch.nFeatures=4',
  'source.count=52',
  'checkpointEvery=0',
  'sampleEvery=0',
];

export interface RunOptions {
  dir: string;
  /** `key=value`, over `tinySettings`, as for `--set`. */
  set?: readonly string[];
  resume?: boolean;
  registry?: Registry;
  device: Device;
  /** In place of the parts that the configuration names. */
  parts?: Partial<RunParts>;
  signal?: AbortSignal;
  notify?(event: TrainEvent): void;
}

export const openCpu = (): Promise<Device> => openBackend('wasm');

export async function tinyConfig(set: readonly string[] = [], registry: Registry = openRegistry()): Promise<RunConfig> {
  const {config} = await resolveConfig({registry, set: [...tinySettings, ...set], ignoreFiles: true});
  return config;
}

/** What `gan fit` does, without the command: a run from a configuration, in a folder. */
export async function fit({
  dir,
  set = [],
  resume = false,
  registry = openRegistry(),
  device,
  parts = {},
  ...request
}: RunOptions): Promise<TrainResult> {
  const config = await tinyConfig(set, registry);
  const {notify = () => {}} = request;
  const training = await openTraining(config, {
    registry,
    device,
    parts,
    ...(resume && {resume: dir}),
    warn: (message) => notify({type: 'warning', message}),
  });
  try {
    return await training.fit(dir, request);
  } finally {
    await training.close();
  }
}

/** A file of the run folder that holds one JSON value a line. */
export function metrics(dir: string): Record<string, unknown>[] {
  const lines = readFileSync(path.join(dir, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Everything that a run computed, in a form that can be compared: of times only that they are there. */
export async function results(dir: string): Promise<Record<string, unknown>> {
  const {model, averages, position, streams, optimizer, frozen, callbacks} = await readCheckpoint(
    newest(dir, 'checkpoints'),
  );
  return {
    position,
    streams,
    frozen,
    optimizer: {...optimizer, everTrained: [...(optimizer?.everTrained ?? [])].sort()}, // a set
    callbacks: withoutTimes(callbacks),
    model: hex(model),
    averages: hex(averages),
    metrics: metrics(dir).map(withoutTimes),
    sample: readFileSync(newest(dir, 'samples')).toString('base64'),
  };
}

/** The last of the files or folders of a run, by name and so by step. */
export function newest(dir: string, kind: 'checkpoints' | 'samples'): string {
  const names = readdirSync(path.join(dir, kind))
    .filter((name) => !name.endsWith('.tmp'))
    .sort();
  return path.join(dir, kind, names.at(-1)!);
}

/** Tensors bit for bit: -0 differs from 0, and each NaN is itself. */
const hex = (tensors: StateDict): Record<string, string> =>
  Object.fromEntries(
    [...tensors].map(([name, {dtype, shape, data}]) => [
      name,
      `${dtype} ${shape.join('x')} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')}`,
    ]),
  );

/** A copy in which measured times count as equal. */
export function withoutTimes<T>(value: T): T {
  const text = JSON.stringify(value, (key, inner: unknown) =>
    ['seconds', 'elapsedMs', 'imagesPerSecond', 'secondsLeft'].includes(key) ? typeof inner : inner,
  );
  return JSON.parse(text) as T;
}

/** Fails with the first things that differ, named; whole tensors in a message would hide which one. */
export function expectSame(got: Record<string, unknown>, wanted: Record<string, unknown>): void {
  const [a, b] = [leaves(wanted), leaves(got)];
  const names = [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));
  const short = (text = 'nothing'): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text);
  expect(
    names.slice(0, 5).map((name) => `${name}: ${short(b.get(name))} in place of ${short(a.get(name))}`),
    `${names.length} differences`,
  ).to.deep.equal([]);
}

function leaves(value: unknown, at = '', found = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) leaves(inner, `${at}/${key}`, found);
  } else found.set(at, JSON.stringify(value));
  return found;
}
