import {chooseAdapter, isReachable, listedAdapters, type ListedAdapter} from './adapters.js';

/** The requested adapter. */
export interface Wanted {
  /** Part of its name, or its number in the list. */
  device: string | undefined;
  powerPreference: GPUPowerPreference;
}

/** An adapter, with Dawn behind it. */
export interface Found {
  gpu: GPU;
  adapter: GPUAdapter;
  /** Its name for people. */
  name: string;
  /** All there are. */
  adapters: ListedAdapter[];
}

export interface NotFound {
  gpu?: never;
  adapters: ListedAdapter[];
  /** More than that no adapter is the one that is wanted. */
  error?: string;
}

/**
 * Dawn's instances by their flags, never freed: an instance that is collected while its timer runs is used after that,
 * which ends the process with SIGABRT or stops it for good.
 */
const instances = new Map<string, GPU>();

/**
 * Loads Dawn and asks it for an adapter. Sets the globals of WebGPU, which tfjs-backend-webgpu needs.
 * @returns the adapters that there are where none fits
 * @throws Error when the package `webgpu` is missing or does not load here
 */
export async function findAdapter({device: wanted, powerPreference}: Wanted): Promise<Found | NotFound> {
  const {create, globals} = await import('webgpu');
  Object.assign(globalThis, globals);
  const instance = (flags: readonly string[]): GPU => {
    const key = flags.join('\n');
    const gpu = instances.get(key) ?? create(flags);
    instances.set(key, gpu);
    return gpu;
  };
  const adapters = await listedAdapters(instance);
  const chosen = wanted === undefined ? undefined : chooseAdapter(wanted, adapters);
  if (wanted !== undefined && chosen === undefined) return {adapters};
  if (chosen && !isReachable(chosen, adapters))
    return {adapters, error: `Dawn cannot tell adapters of the same name apart, and takes the first '${chosen.name}'`};
  const gpu = instance(chosen === undefined ? [] : [`backend=${chosen.api}`, `adapter=${chosen.name}`]);
  const adapter = await gpu.requestAdapter({powerPreference});
  if (!adapter) return {adapters};
  const {device: plainName} = adapter.info;
  const name = chosen?.name ?? adapters.find((one) => plain(one.name) === plain(plainName))?.name ?? plainName;
  return {gpu, adapter, name, adapters};
}

/** Dawn writes names in `info` in lower case and with hyphens. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
