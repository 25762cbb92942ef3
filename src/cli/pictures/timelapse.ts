import {GanError, messageOf} from '../../errors.js';
import {loadSharp} from '../../gan/data/sharp.js';
import type {HostTensor} from '../../gan/data/types.js';
import {RunFolder} from '../../runs/run-folder.js';
import {spread} from '../report/samples.js';

export interface TimelapseRequest {
  /** Maximum number of frames. From more grids, evenly spread ones are used, including the first and the last. */
  frames: number;
  /** Pixels that the longer side of a frame has at most. */
  side: number;
  /** Told of grids that cannot be shown. */
  warn?(message: string): void;
}

/**
 * The sample grids of a run, be it at its end or under way, by ascending step: RGB or, where grids are transparent,
 * RGBA.
 * @returns bytes [n, height, width, 3 or 4]
 * @throws GanError GAN_RUN_NOT_FOUND, GAN_NO_SAMPLES (exit 5)
 */
export async function sampleFrames(
  dir: string,
  {frames, side, warn = () => {}}: TimelapseRequest,
): Promise<HostTensor> {
  const folder = new RunFolder(dir);
  await folder.configFile();
  const shown = spread(await folder.samples(), frames);
  if (shown.length === 0)
    throw new GanError('data', 'GAN_NO_SAMPLES', `the run ${dir} has no sample grid yet`, {
      suggestions: ['gan fit draws one every --sample-every steps, and one at the end'],
    });
  const sharp = await loadSharp();
  const grids: {data: Buffer; info: {width: number; height: number; channels: number}}[] = [];
  for (const {path} of shown) {
    const image = sharp(path).toColourspace('srgb').resize(side, side, {fit: 'inside', withoutEnlargement: true});
    const grid = await image
      .raw()
      .toBuffer({resolveWithObject: true})
      .catch((error: unknown) => {
        warn(`${path} is left out, because it cannot be read: ${messageOf(error)}.`);
      });
    if (!grid) continue;
    const first = grids[0] ?? grid;
    if (grid.data.length === first.data.length && grid.info.width === first.info.width) grids.push(grid);
    else warn(`${path} is left out, because it has another size than the other grids.`);
  }
  if (grids.length === 0)
    throw new GanError('data', 'GAN_NO_SAMPLES', `none of the sample grids of the run ${dir} can be read`);
  const {width, height, channels} = grids[0]!.info;
  const data = new Uint8Array(grids.length * width * height * channels);
  grids.forEach((grid, i) => data.set(grid.data, i * width * height * channels));
  return {data, shape: [grids.length, height, width, channels]};
}
