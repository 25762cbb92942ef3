import {existsSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import type {Probe} from 'gankit/plugin';
import {tryAddon, type Answer} from './addon.js';
import {findProvider, providers, type Provider} from './provider.js';

export interface TensorflowOptions {
  package: 'auto' | 'tfjs-node-gpu' | 'tfjs-node';
}

/** A package that can run here, and what its addon said. */
export interface Usable {
  provider: Provider;
  answer: Extract<Answer, {ok: true}>;
}
type Refusal = Extract<Probe, {ok: false}>;

/** The remedy when the install script of a package cannot help. */
const build = 'npx gan-tensorflow-addon builds it for the TensorFlow that python3 imports';

/** Checks whether an installed package can compute here. The reasons are those of the first installed package. */
export async function probe(options: TensorflowOptions): Promise<Probe> {
  const found = await findUsable(options);
  if ('why' in found) return found;
  const {provider, answer} = found;
  return {
    ok: true,
    info: {
      package: `${provider.name} ${provider.version}`,
      tensorflow: answer.tensorflow,
      device: answer.gpu ? 'GPU' : 'processor',
    },
    devices: [{name: answer.gpu ? 'GPU' : 'processor'}],
  };
}

/** The first package of those wanted that can run, searched from the current folder and from this package. */
export async function findUsable(options: TensorflowOptions): Promise<Usable | Refusal> {
  const wanted = providers.filter((name) => options.package === 'auto' || name.endsWith(`/${options.package}`));
  const folders = [process.cwd(), fileURLToPath(new URL('.', import.meta.url))];
  const installed = wanted.flatMap((name) => findProvider(name, folders) ?? []);
  if (installed.length === 0) {
    return {
      ok: false,
      why: `${wanted.length > 1 ? 'neither ' : ''}${wanted.join(' nor ')} is ${wanted.length > 1 ? '' : 'not '}installed`,
      fix: `npm install ${wanted.join(', or npm install ')}`,
    };
  }
  let first: Refusal | undefined;
  for (const provider of installed) {
    const result = await examine(provider);
    if (!('why' in result)) return result;
    first ??= result;
  }
  return first!;
}

async function examine(provider: Provider): Promise<Usable | Refusal> {
  const {name, version, addon} = provider;
  if (!existsSync(addon)) {
    return {
      ok: false,
      why: `${name} ${version} has no native addon (${addon}): its install script, which downloads libtensorflow, did not run or failed`,
      fix: `npm rebuild ${name}; where its server cannot be reached, or for a newer CUDA, ${build}`,
    };
  }
  const answer = await tryAddon(addon);
  if (!answer.ok) {
    return {
      ok: false,
      why: `the addon of ${name} ${version} does not load: ${answer.why}`,
      fix: `put the missing library where the loader finds it (LD_LIBRARY_PATH), or ${build}`,
    };
  }
  if (name === '@tensorflow/tfjs-node-gpu' && !answer.gpu) {
    return {
      ok: false,
      why: `TensorFlow ${answer.tensorflow} of ${name} finds no GPU that it can use${answer.warning ? `: ${answer.warning}` : ''}`,
      fix: `its own library wants CUDA 11.2 and cuDNN 8.1; ${build}; --set backend.package=tfjs-node computes on the processor`,
    };
  }
  return {provider, answer};
}
