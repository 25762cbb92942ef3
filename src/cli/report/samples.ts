import {loadSharp} from '../../gan/data/sharp.js';
import {readRegularFile} from '../../gan/io/regular-file.js';
import {markup, type Content, type Html} from './html.js';
import type {RunConfig} from '../../options/run-config.js';
import type {RunFolderOptions} from '../../runs/run-folder.js';
import type {RunRecord} from './read-run.js';

/** Grids in a report: enough to see the way, few enough for a file that opens at once. */
const mostSamples = 24;
/** The first bytes of every PNG file. */
const signature = Buffer.from('\x89PNG\r\n\x1A\n', 'latin1');
/** Longer side of a grid in the report, pixels. */
const mostPixels = 1200;

/**
 * The sample grids over time: one picture and a slider with the script, all of them below each other without it; and
 * the grid of real images beside them.
 */
export async function samplesSection(
  {samples, real, config}: Pick<RunRecord, 'samples' | 'real' | 'config'>,
  {warn = () => {}}: RunFolderOptions = {},
): Promise<Content> {
  const shown = spread(samples, mostSamples);
  if (shown.length === 0) return undefined;
  const figures: Html[] = [];
  for (const {step, path} of shown) {
    const grid = await picture(path, `Grid of images that the generator drew after step ${step}`);
    if (!grid) warn(`${path} cannot be read as a picture.`);
    figures.push(
      markup`<figure>${grid ?? markup`<p class="note">This grid cannot be read.</p>`}<figcaption>after step ${step}</figcaption></figure>`,
    );
  }
  const beside = await realPicture(real, config);
  const left = samples.length - shown.length;
  return markup`<section id="samples"><h2>Samples</h2>
<p class="note">Images from the same latents, as training went on.${left > 0 ? ` ${shown.length} of ${samples.length} grids.` : undefined}</p>
<div class="beside"><div class="viewer" data-steps="${JSON.stringify(shown.map(({step}) => step))}">
<div class="controls" hidden><button type="button" aria-label="Play the samples">▶</button><input type="range" min="0" max="${shown.length - 1}" value="${shown.length - 1}" aria-label="Sample grid"><output></output></div>
<div class="grids">${figures.map((figure) => markup`${figure}\n`)}</div></div>
${beside && markup`<figure class="real"><figcaption>Training data</figcaption>${beside}</figure>`}</div></section>`;
}

/** Real images as the training saw them. Without a file they are drawn, from data that is no file itself. */
async function realPicture(file: string, config: RunConfig): Promise<Html | undefined> {
  const alt = 'Grid of images of the training data';
  const kept = await picture(file, alt);
  if (kept) return kept;
  const [{drawRealGrid, needsNoFiles}, {openRegistry}, {encodePng}] = await Promise.all([
    import('../../runs/real-grid.js'),
    import('../../plugin/discover.js'),
    import('../../gan/data/png.js'),
  ]);
  const registry = openRegistry();
  try {
    const grid = needsNoFiles(config, registry) ? await drawRealGrid(config, registry) : undefined;
    return grid && (await inlined(await encodePng(grid), alt));
  } catch {
    return undefined; // data of another version, or of an option that is no more
  }
}

/** Returns at most `count` items, evenly spread, including the first and the last. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({length: count}, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!);
}

/** Larger files are no picture that gan wrote: a grid of 64 images of 1,024 pixels has 200 MB before it is packed. */
const mostBytes = 1 << 28;

/**
 * A picture of the run, drawn anew and within the page. Undefined where there is none that can be read: only a regular
 * file with a PNG counts, no matter what its name says.
 */
export async function picture(path: string, alt: string): Promise<Html | undefined> {
  const png = await readRegularFile(path, mostBytes).catch(() => undefined);
  return png?.subarray(0, signature.length).equals(signature) ? inlined(png, alt) : undefined;
}

async function inlined(png: Buffer, alt: string): Promise<Html | undefined> {
  const sharp = await loadSharp();
  const drawn = await sharp(png)
    .resize(mostPixels, mostPixels, {fit: 'inside', withoutEnlargement: true})
    .webp({quality: 88, smartSubsample: true})
    .toBuffer({resolveWithObject: true})
    .catch(() => undefined);
  if (!drawn) return undefined;
  const {width, height} = drawn.info;
  return markup`<img src="data:image/webp;base64,${drawn.data.toString('base64')}" width="${width}" height="${height}" alt="${alt}">`;
}
