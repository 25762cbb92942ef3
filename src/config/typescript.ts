import {createRequire} from 'node:module';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {GanError} from '../errors.js';

/**
 * The default export of a TypeScript module. Node strips types by itself from 22.18 on; before that one of the packages
 * `tsx` or `typescript` does it, looked for beside the file first, then beside this package. None is a dependency: most
 * users have no such file, and both are large.
 */
export async function loadTypescript(file: string, content: string): Promise<unknown> {
  if ('typescript' in process.features && process.features.typescript) return (await import(pathToFileURL(file).href)).default;
  const tsx = resolve('tsx/esm/api', file);
  if (tsx !== undefined) {
    const {tsImport} = (await import(tsx)) as {tsImport(specifier: string, parent: string): Promise<{default?: unknown}>};
    return (await tsImport(pathToFileURL(file).href, import.meta.url)).default;
  }
  const typescript = resolve('typescript', file);
  if (typescript !== undefined) {
    const ts = ((await import(typescript)) as {default: TypescriptPackage}).default;
    const {outputText} = ts.transpileModule(content, {compilerOptions: {module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022}});
    return (await import(`data:text/javascript,${encodeURIComponent(outputText)}`)).default;
  }
  throw new GanError('config', 'GAN_CONFIG_TYPESCRIPT', `${file} is TypeScript, which Node ${process.version} cannot load by itself.`, {
    suggestions: ['npm install --save-dev tsx', 'Or use Node 22.18 or newer.', 'Or rename the file to .mjs and remove its types.'],
  });
}

/** The little of the compiler that is used. */
interface TypescriptPackage {
  transpileModule(source: string, options: object): {outputText: string};
  ModuleKind: {ESNext: number};
  ScriptTarget: {ES2022: number};
}

/** URL of a package's module as seen from the file or from here; undefined when neither has it. */
function resolve(specifier: string, from: string): string | undefined {
  for (const base of [from, fileURLToPath(import.meta.url)]) {
    try {
      return pathToFileURL(createRequire(base).resolve(specifier)).href;
    } catch {
      continue; // not installed there
    }
  }
  return undefined;
}
