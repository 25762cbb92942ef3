import {createRequire} from 'node:module';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {GanError} from '../errors.js';

/**
 * The default export of a TypeScript module. Node strips types by itself from 22.18 on; before that `tsx` does it, or
 * `typescript` (then the file cannot import others), each looked for beside the file first, then beside this package.
 * None is a dependency: most users have no such file, and both are large.
 */
export async function loadTypescript(file: string, content: string): Promise<unknown> {
  if ('typescript' in process.features && process.features.typescript) return defaultOf(await import(pathToFileURL(file).href));
  const tsx = requireFrom('tsx/cjs/api', file) as {require(id: string, from: string): unknown} | undefined;
  if (tsx) return defaultOf(tsx.require(file, fileURLToPath(import.meta.url)));
  const ts = requireFrom('typescript', file) as Transpiler | undefined;
  if (ts) {
    const {outputText} = ts.transpileModule(content, {compilerOptions: {module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022}});
    return defaultOf(await import(`data:text/javascript,${encodeURIComponent(outputText)}`));
  }
  throw new GanError('config', 'GAN_CONFIG_TYPESCRIPT', `${file} is TypeScript, which Node ${process.version} cannot load by itself.`, {
    suggestions: ['npm install --save-dev tsx', 'Or use Node 22.18 or newer.', 'Or rename the file to .mjs and remove its types.'],
  });
}

const defaultOf = (module: unknown): unknown => (module as {default?: unknown}).default;

/** The little of the TypeScript compiler that is used. */
interface Transpiler {
  transpileModule(source: string, options: object): {outputText: string};
  ModuleKind: {ESNext: number};
  ScriptTarget: {ES2022: number};
}

/** A package as seen from the file or from here; undefined when neither has it. */
function requireFrom(specifier: string, file: string): unknown {
  for (const base of [file, fileURLToPath(import.meta.url)]) {
    const require = createRequire(base);
    try {
      require.resolve(specifier);
    } catch {
      continue; // not installed there
    }
    return require(specifier);
  }
  return undefined;
}
