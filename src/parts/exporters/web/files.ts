import {readdir, readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import path from 'node:path';
import type {Gan, TracedNetwork, TrainedRun} from '../../../plugin/index.js';
import {singleFile} from './single-file.js';
import {toWeb, type WebOptions} from './write.js';

/** The page, as scripts/build-web.mjs makes it of src/ui/export-page. */
const page = fileURLToPath(new URL('../../../ui/export-page/', import.meta.url));

type Tools = Pick<Gan, 'exports' | 'GanError'>;

/** The files of the web page of a run, by their names: index.html and what it loads. */
export async function pageFiles(
  run: TrainedRun,
  options: WebOptions,
  {exports, GanError}: Tools,
): Promise<Map<string, Uint8Array>> {
  const [generator] = await exports.trace(run, ['generator']);
  assertGenerates(generator!, exports.sides(generator!.facts.imageSize), GanError);
  const files = new Map<string, Uint8Array>();
  for (const name of await readdir(page)) files.set(name, await readFile(path.join(page, name)));
  for (const [name, data] of toWeb(generator!, exports, options)) files.set(name, data);
  return files;
}

/** The same page as the text of one HTML file. */
export const singlePage = async (run: TrainedRun, options: WebOptions, tools: Tools): Promise<string> =>
  singleFile(await pageFiles(run, options, tools));

/** @throws GanError GAN_EXPORT_UNSUPPORTED (exit 2) when a generator makes no images of the run's size */
function assertGenerates(
  {graph, facts: {channels}}: TracedNetwork,
  sides: readonly [number, number],
  GanError: Gan['GanError'],
): void {
  const shape = graph.values.get(graph.output)!.shape.slice(1).map(Number);
  const wanted = [...sides, channels];
  if (shape.join() === wanted.join()) return;
  throw new GanError(
    'usage',
    'GAN_EXPORT_UNSUPPORTED',
    `The generator makes tensors [batch, ${shape.join(', ')}], not images [batch, ${wanted.join(', ')}].`,
  );
}
