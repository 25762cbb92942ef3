import {isGanError} from '../../errors.js';
import {ok, problem, type Finding} from '../context.js';

/** Checks whether images can be read and written. The sample grids of every run need this. */
export async function checkImages(): Promise<Finding[]> {
  const {loadSharp} = await import('../../gan/data/sharp.js');
  try {
    const sharp = await loadSharp();
    return [ok('images', `sharp ${sharp.versions.sharp ?? ''}, libvips ${sharp.versions.vips}`)];
  } catch (error) {
    const why =
      isGanError(error) && error.cause instanceof Error
        ? `${error.message}: ${error.cause.message.split('\n')[0]}`
        : String(error);
    return [problem('images', why, 'npm install sharp --include=optional')];
  }
}
