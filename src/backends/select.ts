import {GanError, isGanError} from '../errors.js';
import type {GivenMap} from '../plugin/options-check.js';
import type {Registry} from '../plugin/registry.js';
import type {Backend, Device, Probe} from './device.js';
import {openDevice} from './open.js';

/** Fastest first. Backends that are not named here come after, by the priority that each declares. */
const preference: readonly string[] = ['cuda', 'webgpu', 'wasm'];

export interface ProbedBackend {
  name: string;
  package: string;
  /** One line about it; absent when its module does not load. */
  summary?: string;
  probe: Probe;
}

/** A backend that `auto` passed over. */
export interface Refusal {
  name: string;
  why: string;
  fix: string;
}

export interface Selection {
  device: Device;
  /** Those that were tried before it. */
  refused: Refusal[];
}

/** The names of all backends, in the order in which `auto` tries them. Others are loaded only when the preferred ones are through. */
async function* inOrder(registry: Registry): AsyncGenerator<string> {
  const names = registry.names('backend');
  yield* preference.filter((name) => names.includes(name));
  const others = names.filter((name) => !preference.includes(name));
  const priorities = new Map<string, number>();
  for (const name of others) priorities.set(name, await registry.load('backend', name).then(({priority = 0}) => priority, () => 0));
  yield* others.sort((a, b) => priorities.get(b)! - priorities.get(a)!); // a stable sort: equals stay as they are declared
}

/** Whether each backend can run here, and then those that could be installed. Does not load tfjs, unless a backend's module does. */
export async function probeBackends(registry: Registry): Promise<ProbedBackend[]> {
  const probed: ProbedBackend[] = [];
  const packages = new Map(registry.list('backend').map(({name, package: from}) => [name, from]));
  for await (const name of inOrder(registry)) {
    const tried = await tryProbe(registry, name);
    const probe: Probe = tried.ok ? {ok: true, info: tried.info ?? {}} : tried;
    const summary = await registry.load('backend', name).then((part) => part.summary, () => undefined);
    probed.push({name, package: packages.get(name)!, probe, ...(summary !== undefined && {summary})});
  }
  const missing = registry.installable('backend').map(({name, package: from, fix}) => ({name, package: from, probe: {ok: false as const, why: 'not installed', fix}}));
  return [...probed, ...missing];
}

/**
 * Opens the backend of that name, or with `auto` the first that can run here. Never another one than asked for.
 * @throws GanError GAN_UNKNOWN_PART, GAN_BACKEND_UNAVAILABLE with the reasons of all that were refused
 */
export async function selectBackend(registry: Registry, wanted: string, options: GivenMap = new Map()): Promise<Selection> {
  if (wanted !== 'auto') await registry.load('backend', wanted); // an unknown name is an error of its own
  const refused: Refusal[] = [];
  for await (const name of wanted === 'auto' ? inOrder(registry) : [wanted]) {
    const tried = await tryProbe(registry, name, wanted === 'auto' ? new Map() : options);
    if (!tried.ok) {
      refused.push({name, why: tried.why, fix: tried.fix});
      continue;
    }
    try {
      await registry.tensors.load(); // a backend may use `gan.tf` from here on
      return {device: await openDevice(name, tried.backend), refused};
    } catch (error) {
      if (wanted !== 'auto') throw error;
      refused.push({name, why: messageOf(error), fix: `gan fit --backend ${name}`});
    }
  }
  throw unavailable(wanted, refused, registry.names('backend'));
}

/** A probe's answer, and the backend where the answer is yes. */
type Tried = (Extract<Probe, {ok: true}> & {backend: Backend}) | Extract<Probe, {ok: false}>;

/** Makes and probes one backend; a fault of the plug-in is a refusal like others. */
async function tryProbe(registry: Registry, name: string, options?: GivenMap): Promise<Tried> {
  try {
    const backend = await registry.create('backend', name, options);
    const probe = await backend.probe();
    return probe.ok ? {...probe, backend} : probe;
  } catch (error) {
    if (isGanError(error) && error.code.startsWith('GAN_CONFIG')) throw error; // an option of the user's, not the backend
    const fix = isGanError(error) ? (error.suggestions[0] ?? '') : 'report this to the author of the plug-in';
    return {ok: false, why: messageOf(error), fix};
  }
}

function unavailable(wanted: string, refused: readonly Refusal[], names: readonly string[]): GanError {
  const lines = refused.map(({name, why}) => `\n  ${name}: ${why}`).join('');
  const others = names.filter((name) => !refused.some((one) => one.name === name));
  return new GanError('backend', 'GAN_BACKEND_UNAVAILABLE',
    wanted === 'auto' ? `No backend can run here.${lines || ' None is installed.'}` : `The backend '${wanted}' cannot run here.${lines}`, {
      suggestions: [
        ...refused.map(({name, fix}) => `${name}: ${fix}`),
        ...(others.length === 0 ? [] : [`Others: ${others.map((name) => `--backend ${name}`).join(', ')}`]),
        'gan backends',
      ],
    });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
