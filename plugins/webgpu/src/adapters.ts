export interface ListedAdapter {
  name: string;
  /** vulkan, metal, d3d12, ... */
  api: string;
}

/** A name that no adapter has: asked for it, Dawn lists those that there are. It has no other way to list them. */
const nobody = 'adapter=?no such adapter?';

/** The adapters of this machine, in the order of Dawn. */
export async function listedAdapters(create: (flags: readonly string[]) => GPU): Promise<ListedAdapter[]> {
  try {
    await create([nobody]).requestAdapter();
  } catch (error) {
    return parseAdapters(error instanceof Error ? error.message : String(error));
  }
  return [];
}

/** Reads lines like ` * backend: 'vulkan', name: 'NVIDIA H200'`. The null device computes nothing. */
export function parseAdapters(text: string): ListedAdapter[] {
  return [...text.matchAll(/backend: '([^']*)', name: '(.*)'$/gm)]
    .map(([, api = '', name = '']) => ({name, api}))
    .filter(({api}) => api !== 'null');
}

/** The adapter that a user means by a number in the list or by a part of its name; case does not matter. */
export function chooseAdapter(wanted: string, adapters: readonly ListedAdapter[]): ListedAdapter | undefined {
  if (/^\d+$/.test(wanted)) return adapters[Number(wanted)];
  return adapters.find(({name}) => name.toLowerCase().includes(wanted.toLowerCase()));
}

/** True if Dawn, which selects by name, would take this adapter, that is, if it is the first with its name. */
export const isReachable = (adapter: ListedAdapter, adapters: readonly ListedAdapter[]): boolean =>
  adapters.find(({name, api}) => name === adapter.name && api === adapter.api) === adapter;

/** Text for messages: `0 NVIDIA H200, 1 llvmpipe`. */
export const adapterList = (adapters: readonly ListedAdapter[]): string =>
  adapters.map(({name}, i) => `${i} ${name}`).join(', ');
