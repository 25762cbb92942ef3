import {fileURLToPath} from 'node:url';

/**
 * The default export of a configuration file in JavaScript or TypeScript: ES module or CommonJS, whatever the package
 * around it says, with imports of other files. `gankit/config` is this package's own, so that `defineConfig` needs no
 * installed `gan`.
 */
export async function loadScript(file: string): Promise<unknown> {
  const {createJiti} = await import('jiti'); // most runs have no such file
  const jiti = createJiti(import.meta.url, {
    alias: {'gankit/config': fileURLToPath(new URL('./define.js', import.meta.url))},
    fsCache: false, // a configuration is small, and its folder may be read-only
    moduleCache: false, // it may have changed
  });
  return jiti.import(file, {default: true});
}
