import {readdir, readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import path from 'node:path';
import type {Gan, TracedNetwork} from '../../plugin/index.js';

/** The page, as scripts/build-web.mjs makes it of src/ui/export-page. */
const page = fileURLToPath(new URL('../../ui/export-page/', import.meta.url));

/** A static folder for any web server, or one file that opens from disk. */
export default ({exporter, exports, opt, GanError}: Gan) =>
  exporter({
    name: 'web',
    summary:
      'A folder with a web page that runs the generator in the browser, on WebGPU or WASM; put it on any web server.',
    options: {
      singleFile: opt.bool(false, {help: 'write one HTML file, which opens from disk without a web server'}),
      title: opt.str(undefined, {help: "title of the page; default: the run's name"}),
    },
    create: (options) => ({
      async write(run, out) {
        await exports.assertNew(out);
        const {toWeb} = await import('./web/write.js');
        const [generator] = await exports.trace(run, ['generator']);
        assertGenerates(generator!, GanError);
        const files = new Map<string, Uint8Array>();
        for (const name of await readdir(page)) files.set(name, await readFile(path.join(page, name)));
        for (const [name, data] of toWeb(generator!, exports, options.title)) files.set(name, data);
        if (options.singleFile) {
          const {singleFile} = await import('./web/single-file.js');
          await exports.writeFile(out, singleFile(files));
          return [out];
        }
        return exports.writeFolder(out, files);
      },
    }),
  });

/** @throws GanError GAN_EXPORT_UNSUPPORTED (exit 2) when a generator makes no images of the run's size */
function assertGenerates({graph, facts: {imageSize, channels}}: TracedNetwork, GanError: Gan['GanError']): void {
  const shape = graph.values.get(graph.output)!.shape.slice(1).map(Number);
  if (shape.join() === [imageSize, imageSize, channels].join()) return;
  throw new GanError(
    'usage',
    'GAN_EXPORT_UNSUPPORTED',
    `The generator makes tensors [batch, ${shape.join(', ')}], not images [batch, ${imageSize}, ${imageSize}, ${channels}].`,
  );
}
