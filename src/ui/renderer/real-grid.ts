import {encodePng} from '../../gan/data/png.js';
import {GanError} from '../../errors.js';
import type {Registry} from '../../plugin/registry.js';
import {drawRealGrid, needsNoFiles} from '../../runs/real-grid.js';
import {RunFolder} from '../../runs/run-folder.js';
import type {RealRequest} from './messages.js';

/** Real images of a run, as PNG. Needs no device. @throws GanError when its data cannot be read, or must not be */
export async function realGridPng(registry: Registry, {dir, files}: RealRequest): Promise<Buffer> {
  const config = await new RunFolder(dir).readConfig();
  const grid = files || needsNoFiles(config, registry) ? await drawRealGrid(config, registry) : undefined;
  if (!grid) throw new GanError('data', 'GAN_NO_REAL_IMAGES', `${dir} has no grid of real images`);
  return encodePng(grid);
}
