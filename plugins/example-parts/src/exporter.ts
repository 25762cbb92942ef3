import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import type {Gan} from 'gankit/plugin';

/**
 * Writes what it wants where --out says, and names the files. `run.networks()` would give both networks, ready to
 * compute.
 */
export default ({exporter, opt}: Gan) =>
  exporter({
    name: 'shapes',
    summary: 'A JSON file with the names and shapes of all weights.',
    options: {indent: opt.int(2, {min: 0, max: 8, help: 'spaces of indentation'})},
    create: ({indent}) => ({
      async write({weights, config}, out) {
        const shapes = Object.fromEntries([...weights].map(([name, {shape}]) => [name, shape]));
        await mkdir(path.dirname(out), {recursive: true});
        await writeFile(out, `${JSON.stringify({architecture: config.arch, shapes}, null, indent)}\n`);
        return [out];
      },
    }),
  });
