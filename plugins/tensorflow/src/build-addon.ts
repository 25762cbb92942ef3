/**
 * `gan-tensorflow-addon`: compiles the native addon of tfjs-node, whose sources are in its npm package, for a
 * TensorFlow that is there already: the one that python3 imports (any CUDA that it supports), or a folder with headers
 * and libraries.
 */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, renameSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {tryAddon} from './addon.js';
import {findProvider, providers, type Provider} from './provider.js';

const usage = `Usage: gan-tensorflow-addon [--tensorflow FOLDER]

Compiles the native addon of the installed @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node (npm install --ignore-scripts).
  --tensorflow FOLDER   with include/ and libtensorflow_cc.so.2, or include/ and lib/libtensorflow.so.2;
                        default: that of the Python that $PYTHON names (python3)
Needs a C++ compiler ($CXX, g++). Linux only.`;

/** The reason why the build stops, and what to do about it. */
class BuildError extends Error {}

interface TensorFlow {
  include: string;
  /** Folder of the libraries. */
  folder: string;
  libraries: string[];
}

/** Runs the command; returns its exit code: 0, 1 when the build fails, 2 for wrong arguments. */
export async function run(args: string[]): Promise<number> {
  try {
    const {values} = parseArgs({args, options: {tensorflow: {type: 'string'}, help: {type: 'boolean', short: 'h'}}});
    process.stdout.write(`${values.help ? usage : await build(values.tensorflow)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof TypeError ? 2 : 1; // parseArgs throws TypeErrors
  }
}

async function build(given: string | undefined): Promise<string> {
  if (process.platform !== 'linux')
    throw new BuildError(
      `This builds on Linux only. Here, npm rebuild ${providers[1]} --build-from-source does it for the TensorFlow that it downloads.`,
    );
  const provider = providers.map((name) => findProvider(name, [process.cwd()])).find((found) => found !== undefined);
  if (!provider)
    throw new BuildError(
      `Neither ${providers.join(' nor ')} is installed here: npm install --ignore-scripts ${providers[0]}`,
    );
  const tensorflow = locate(given ?? askPython());
  compile(provider, tensorflow);
  const answer = await tryAddon(provider.addon);
  if (!answer.ok) throw new BuildError(`The addon was built, but does not load: ${answer.why}`);
  return `${provider.addon}: TensorFlow ${answer.tensorflow}, ${answer.gpu ? 'on the GPU' : `on the processor${answer.warning ? ` (${answer.warning})` : ''}`}`;
}

/** The folder of Python's package. */
function askPython(): string {
  const python = process.env['PYTHON'] ?? 'python3';
  try {
    const found = execFileSync(
      python,
      ['-c', 'import importlib.util as u; print(u.find_spec("tensorflow").submodule_search_locations[0])'],
      {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']},
    );
    return found.trim();
  } catch {
    throw new BuildError(
      `${python} has no TensorFlow: pip install 'tensorflow[and-cuda]' for GPUs, or tensorflow-cpu; $PYTHON names another Python, --tensorflow a folder`,
    );
  }
}

function locate(root: string): TensorFlow {
  const include = path.join(root, 'include');
  for (const [folder, library] of [
    [root, 'libtensorflow_cc.so.2'],
    [path.join(root, 'lib'), 'libtensorflow.so.2'],
  ] as const) {
    if (!existsSync(path.join(folder, library)) || !existsSync(path.join(include, 'tensorflow/c/c_api.h'))) continue;
    return {include, folder: path.resolve(folder), libraries: [library, 'libtensorflow_framework.so.2']};
  }
  throw new BuildError(
    `${root} has no include/tensorflow/c/c_api.h with libtensorflow_cc.so.2 or lib/libtensorflow.so.2`,
  );
}

function compile({root, addon}: Provider, {include, folder, libraries}: TensorFlow): void {
  const compiler = process.env['CXX'] ?? 'g++';
  const headers = path.join(
    path.dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')),
    'include',
  );
  const half = `${addon}.tmp`;
  mkdirSync(path.dirname(addon), {recursive: true});
  try {
    execFileSync(
      compiler,
      [
        '-shared',
        '-fPIC',
        '-O2',
        '-std=c++17',
        `-I${root}`,
        `-I${include}`,
        `-I${headers}`,
        'binding/tfjs_backend.cc',
        'binding/tfjs_binding.cc',
        `-L${folder}`,
        ...libraries.map((name) => `-l:${name}`),
        `-Wl,-rpath,${folder}`,
        '-o',
        half,
      ],
      {cwd: root, stdio: ['ignore', 'inherit', 'inherit']},
    );
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new BuildError(
      missing
        ? `There is no C++ compiler ${compiler}: apt-get install g++, or $CXX names another`
        : `${compiler} could not compile the addon; its messages are above`,
    );
  }
  renameSync(half, addon);
}
