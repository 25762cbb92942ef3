import {GanError, isGanError, messageOf} from '../../errors.js';
import {isAccepted, type Given, type GivenMap} from '../../options/options-check.js';
import type {Registry} from '../../plugin/registry.js';
import type {Backend, Device, Probe} from '../../backends/device.js';
import {takesDevice, withDevice} from './choose-device.js';
import {openDevice} from '../../backends/open.js';

/** `gan backends --json` has a line for each (docs/backends.md). */
export interface ProbedBackend {
  name: string;
  state: 'ready' | 'unavailable' | 'not-installed';
  package: string;
  /** Version of the package; absent if it is not installed. */
  version?: string;
  /** One line about it; absent when its module does not load. */
  summary?: string;
  /** Whether `--device` can choose among several devices. */
  choosable: boolean;
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

/**
 * The names of all backends, in the order in which `auto` tries them: the highest declared priority first, equals as
 * they are declared.
 */
async function inOrder(registry: Registry): Promise<string[]> {
  const backends = await Promise.all(
    registry.names('backend').map(async (name) => {
      // a broken one is refused when it is tried
      const part = await registry.describe('backend', name).catch(() => undefined);
      return {name, priority: part?.priority ?? 0};
    }),
  );
  return backends.sort((a, b) => b.priority - a.priority).map(({name}) => name);
}

/**
 * Probes each backend, and then lists those that could be installed. Does not load tfjs, unless a backend's module
 * does.
 */
export async function probeBackends(registry: Registry): Promise<ProbedBackend[]> {
  const probed: ProbedBackend[] = [];
  const packages = new Map(registry.list('backend').map(({name, package: from}) => [name, from]));
  for (const name of await inOrder(registry)) {
    const probe = await registry.probe(name).catch(refusal);
    const from = packages.get(name)!;
    const part = await registry.describe('backend', name).catch(() => undefined);
    const version = registry.versionOf(from);
    probed.push({
      name,
      state: probe.ok ? 'ready' : 'unavailable',
      package: from,
      ...(version !== undefined && {version}),
      ...(part && {summary: part.summary}),
      choosable: takesDevice(part),
      probe: probe.ok ? {...probe, info: probe.info ?? {}} : probe,
    });
  }
  const missing = registry.installable('backend').map(({name, package: from, fix}) => ({
    name,
    state: 'not-installed' as const,
    package: from,
    choosable: false,
    probe: {ok: false as const, why: 'not installed', fix},
  }));
  return [...probed, ...missing];
}

/**
 * Opens the backend of that name, or with `auto` the first that can run here. Never another one than asked for.
 * @param options of the backend; with `auto`, each backend gets those that it has
 * @param device of `--device`: with `auto`, only backends that have such a device are taken
 * @throws GanError GAN_UNKNOWN_PART, GAN_ONE_DEVICE, GAN_BACKEND_UNAVAILABLE with the reasons of all that were refused
 */
export async function selectBackend(
  registry: Registry,
  wanted: string,
  options: GivenMap = new Map(),
  device?: Given,
): Promise<Selection> {
  const auto = wanted === 'auto';
  const given = auto ? new Map() : await withDevice(registry, wanted, options, device);
  const refused: Refusal[] = auto ? wouldHelp(registry) : [];
  const needed = auto ? await thatChangeResults(registry, options) : [];
  for (const name of auto ? await inOrder(registry) : [wanted]) {
    const tried = await (auto ? tryAnyway(registry, name, device, options, needed) : tryProbe(registry, name, given));
    if (!tried.ok) {
      refused.push({name, why: tried.why, fix: tried.fix});
      continue;
    }
    try {
      await registry.tensors.load(); // a backend may use `gan.tf` from here on
      return {device: await openDevice(name, tried.backend), refused};
    } catch (error) {
      if (!auto) throw error;
      refused.push({name, why: messageOf(error), fix: `gan fit --backend ${name}`});
    }
  }
  throw unavailable(wanted, refused, registry.names('backend'));
}

/** Backends that are not installed, and for which there is hardware here. */
const wouldHelp = (registry: Registry): Refusal[] =>
  registry.installable('backend').flatMap(({name, package: from, fix, use}) => {
    const found = use?.();
    const why = `not installed, though there is ${found}: gan plugins install ${from}`;
    return found === undefined ? [] : [{name, why, fix}];
  });

/** Whether the backend of that name, or with `auto` the one that `selectBackend` would take, computes on a GPU. */
export async function needsGpu(registry: Registry, wanted: string, device?: Given): Promise<boolean> {
  const declared = async (name: string): Promise<boolean> =>
    (await registry.describe('backend', name).catch(() => undefined))?.needsGpu === true;
  if (wanted !== 'auto') return declared(wanted);
  for (const name of await inOrder(registry)) {
    if (!(await declared(name))) return false;
    if ((await tryAnyway(registry, name, device)).ok) return true;
  }
  return false;
}

/** A probe's answer, and the backend where the answer is yes. */
type ProbeResult = (Extract<Probe, {ok: true}> & {backend: Backend}) | Extract<Probe, {ok: false}>;

/** The options, of those given, that some backend says its results depend on. */
async function thatChangeResults(registry: Registry, given: GivenMap): Promise<string[]> {
  if (given.size === 0) return [];
  const describe = (name: string) => registry.describe('backend', name).catch(() => undefined);
  const parts = await Promise.all(registry.names('backend').map(describe));
  return [...given.keys()].filter((option) => parts.some((part) => part?.options?.[option]?.changesResults));
}

/** Used by `auto`: skips a backend that does not have the requested device, or one of the options that it needs. */
async function tryAnyway(
  registry: Registry,
  name: string,
  device: Given | undefined,
  options: GivenMap = new Map(),
  needed: readonly string[] = [],
): Promise<ProbeResult> {
  try {
    const {options: known = {}} = (options.size > 0 && (await registry.describe('backend', name))) || {};
    for (const option of needed) {
      const given = options.get(option)!;
      const value = String(given.value);
      if (!Object.hasOwn(known, option) || !isAccepted(known[option]!, given))
        return {ok: false, why: `it has no ${option} ${value}`, fix: `leave out backend.${option}`};
    }
    const own = new Map([...options].filter(([option]) => Object.hasOwn(known, option)));
    return await tryProbe(registry, name, device ? await withDevice(registry, name, own, device) : own);
  } catch (error) {
    return device ? {ok: false, why: messageOf(error), fix: 'leave out --device, or gan backends'} : refusal(error);
  }
}

/** Makes and probes one backend; a fault of the plug-in is a refusal like others. */
async function tryProbe(registry: Registry, name: string, options?: GivenMap): Promise<ProbeResult> {
  try {
    const backend = await registry.create('backend', name, options);
    const probe = await backend.probe();
    return probe.ok ? {...probe, backend} : probe;
  } catch (error) {
    // an option of the user's, not the backend
    if (isGanError(error) && error.code.startsWith('GAN_CONFIG')) throw error;
    return refusal(error);
  }
}

/** The answer of a backend that cannot even be asked. */
function refusal(error: unknown): Extract<Probe, {ok: false}> {
  const fix = isGanError(error) ? (error.suggestions[0] ?? '') : 'report this to the author of the plug-in';
  return {ok: false, why: messageOf(error), fix};
}

function unavailable(wanted: string, refused: readonly Refusal[], names: readonly string[]): GanError {
  const lines = refused.map(({name, why}) => `\n  ${name}: ${why}`).join('');
  const others = names.filter((name) => !refused.some((one) => one.name === name));
  return new GanError(
    'backend',
    'GAN_BACKEND_UNAVAILABLE',
    wanted === 'auto'
      ? `No backend can run here.${lines || ' None is installed.'}`
      : `The backend '${wanted}' cannot run here.${lines}`,
    {
      suggestions: [
        ...refused.map(({name, fix}) => `${name}: ${fix}`),
        ...(others.length === 0 ? [] : [`Other backends: ${others.map((name) => `--backend ${name}`).join(', ')}`]),
        'gan backends',
      ],
    },
  );
}
