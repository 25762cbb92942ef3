import {mkdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {readCheckpoint} from '../checkpoint.js';
import {writeSafetensors} from '../io/safetensors.js';
import {loadRun} from './generate.js';

export interface Exported {
  path: string;
  tensors: number;
  checkpoint: string;
}

/**
 * Writes both networks of a run's newest checkpoint as one safetensors file, in the names and the layout of the
 * state_dict of fastai's GANModule: `generator.1.0.weight` [in, out, kh, kw] and so on.
 */
export async function exportWeights(dir: string, out: string): Promise<Exported> {
  const {checkpoint} = await loadRun(dir);
  const {model} = await readCheckpoint(checkpoint);
  await mkdir(dirname(out), {recursive: true});
  await writeSafetensors(out, model, {format: 'pt'});
  return {path: out, tensors: model.size, checkpoint};
}
