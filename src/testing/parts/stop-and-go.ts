/** A training that is stopped and goes on must end as one that is not. */
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {readCheckpoint, type Checkpoint} from '../../gan/checkpoint.js';
import type {StateDict} from '../../gan/module.js';
import {openTraining, type Training} from '../../runs/open-training.js';
import type {Device} from '../../backends/device.js';
import type {Registry} from '../../plugin/registry.js';

/** Small enough for a second: 16x16 images in batches of 8, twelve steps in two epochs. */
const tiny: readonly string[] = [
  'size=16',
  'latent=8',
  'batchSize=8',
  'sampleEvery=0',
  'checkpointEvery=0',
  'metricImages=8',
  'steps=12',
];
const stopAt = 5;

/** A training of a few steps in a folder that is removed afterwards. */
export interface SmallTraining {
  registry: Registry;
  device: Device;
  /** Settings as for `--set`, over those of the small training. */
  set: readonly string[];
}

/** Calls `use` with the folder of a finished small training. */
export async function withTraining<T>(training: SmallTraining, use: (dir: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(path.join(tmpdir(), 'gan-testing-'));
  try {
    const dir = path.join(home, 'run');
    await run(training, dir);
    return await use(dir);
  } finally {
    await rm(home, {recursive: true, force: true});
  }
}

/**
 * Returns the differences at the end between a training in one go and one that was stopped and resumed. Empty if all is
 * well.
 */
export async function stopAndGo(training: SmallTraining): Promise<string[]> {
  const home = await mkdtemp(path.join(tmpdir(), 'gan-testing-'));
  try {
    const [whole, parts] = [path.join(home, 'whole'), path.join(home, 'parts')];
    const wanted = await run(training, whole);
    await run(training, parts, {stop: true});
    const got = await run(training, parts, {resume: true});
    return differences(got!, wanted!);
  } finally {
    await rm(home, {recursive: true, force: true});
  }
}

/** A part with a state: what a checkpoint keeps of a switcher, a penalty or a callback. */
interface Stateful {
  name?: string;
  save?(): unknown;
  load?(state: unknown): void;
}

/**
 * Saves the state of each part of a trained training, and loads it into a new one.
 * @returns what went wrong: a state that is another one after that, and parts with one of `save` and `load` alone
 */
export async function saveAndLoad(training: SmallTraining): Promise<string[]> {
  const home = await mkdtemp(path.join(tmpdir(), 'gan-testing-'));
  try {
    const states: unknown[] = [];
    await run(training, path.join(home, 'run'), {
      use: async (parts) => {
        for (const part of parts) states.push(await part.save?.());
      },
    });
    const wrong: string[] = [];
    await run(training, path.join(home, 'other'), {
      before: async (parts) => {
        for (const [i, part] of parts.entries()) {
          const name = part.name ?? 'the switcher';
          const [saves, loads] = [part.save !== undefined, part.load !== undefined];
          if (saves !== loads) wrong.push(`${name} has ${saves ? 'save() and no load()' : 'load() and no save()'}`);
          if (!saves || !loads) continue;
          const saved = JSON.stringify(states[i] ?? null);
          part.load!(JSON.parse(saved));
          const again = JSON.stringify((await part.save!()) ?? null);
          if (again !== saved) wrong.push(`${name} saves ${again} after it has loaded ${saved}`);
        }
      },
    });
    return wrong;
  } finally {
    await rm(home, {recursive: true, force: true});
  }
}

const statefulParts = ({parts}: Training): Stateful[] => [
  parts.switcher,
  ...parts.penalties,
  ...(parts.callbacks as readonly Stateful[]),
];

async function run(
  {registry, device, set}: SmallTraining,
  dir: string,
  {
    stop = false,
    resume = false,
    before,
    use,
  }: {
    stop?: boolean;
    resume?: boolean;
    /** In place of training. */
    before?(parts: Stateful[]): Promise<void>;
    /** After it. */
    use?(parts: Stateful[]): Promise<void>;
  } = {},
): Promise<Checkpoint | undefined> {
  const {resolveConfig} = await import('../../config/resolve.js');
  const {config} = await resolveConfig({registry, set: [...tiny, ...set], ignoreFiles: true});
  const training = await openTraining(config, {registry, device, ...(resume && {resume: dir})});
  const stopping = new AbortController();
  try {
    if (before) return void (await before(statefulParts(training)));
    const {checkpoint} = await training.fit(dir, {
      signal: stopping.signal,
      notify: (event) => {
        if (stop && event.type === 'step' && event.step === stopAt) stopping.abort();
      },
    });
    await use?.(statefulParts(training));
    return await readCheckpoint(checkpoint);
  } finally {
    await training.close();
  }
}

function differences(got: Checkpoint, wanted: Checkpoint): string[] {
  const states = Object.entries(wanted.callbacks).filter(([name, state]) => {
    const other = got.callbacks[name] as Record<string, unknown> | undefined;
    return Object.entries(state as object).some(
      ([key, value]) => key !== 'elapsedMs' && JSON.stringify(value) !== JSON.stringify(other?.[key]), // a time
    );
  });
  return [
    ...tensorDifferences('the networks', got.model, wanted.model),
    ...tensorDifferences('the optimiser', got.averages, wanted.averages),
    ...states.map(([name]) => `the state of ${name}`),
  ];
}

function tensorDifferences(where: string, got: StateDict, wanted: StateDict): string[] {
  const bytes = (state: StateDict, name: string): Buffer => {
    const data = state.get(name)?.data ?? new Float32Array(0);
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  };
  return [...wanted.keys()]
    .filter((name) => !bytes(got, name).equals(bytes(wanted, name)))
    .map((name) => `${name} of ${where}`);
}
