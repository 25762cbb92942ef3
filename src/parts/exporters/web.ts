import {readdir, readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import path from 'node:path';
import {assertNew, writeNewFolder} from '../../gan/io/atomic-folder.js';
import type {Gan} from '../../plugin/index.js';

/** The page, as scripts/build-web.mjs makes it of src/pages/web. */
const page = fileURLToPath(new URL('../../pages/web/', import.meta.url));

/** A static folder for any web server. */
export default ({exporter}: Gan) =>
  exporter({
    name: 'web',
    summary:
      'A folder with a web page that runs the generator in the browser, on WebGPU or WASM; put it on any web server.',
    create: () => ({
      async write(run, out) {
        await assertNew(out);
        const [{toWeb}, {assertGenerates, traceNetworks}] = await Promise.all([
          import('../../gan/export/web/write.js'),
          import('../../gan/export/traced-network.js'),
        ]);
        const [generator] = await traceNetworks(run, ['generator']);
        assertGenerates(generator!);
        const files = new Map<string, Uint8Array>();
        for (const name of await readdir(page)) files.set(name, await readFile(path.join(page, name)));
        for (const [name, data] of toWeb(generator!)) files.set(name, data);
        return writeNewFolder(out, files);
      },
    }),
  });
