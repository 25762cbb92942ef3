import {stat} from 'node:fs/promises';
import {GanError, isGanError} from '../errors.js';
import {rowCount, type Classes} from '../gan/classes.js';
import type {Architecture} from '../plugin/index.js';
import {readSafetensors} from '../gan/io/safetensors.js';
import type {Networks} from '../gan/export/trained-run.js';
import {withoutPrefix} from '../gan/checkpoint.js';
import {imageShapeOf} from '../options/image-size.js';
import type {RunConfig} from '../options/run-config.js';
import {quoted} from '../system-error.js';

/**
 * Both networks of a run, freshly initialised from the current streams, or from the file `init`.
 * @param classes that they are conditional on
 */
export async function makeNetworks(
  config: RunConfig,
  architecture: Architecture,
  classes: Classes | undefined,
  init?: string,
): Promise<Networks> {
  const wanted = {...imageShapeOf(config), ...(classes && {classes: rowCount(classes)})};
  const networks: Networks = {
    generator: architecture.generator({...wanted, latentSize: config.latent}),
    critic: architecture.critic(wanted),
  };
  try {
    if (init !== undefined) await loadWeights(networks, init);
  } catch (error) {
    networks.generator.dispose();
    networks.critic.dispose();
    throw error;
  }
  return networks;
}

/** Loads `generator.*` and `critic.*`, or one of the two, from a safetensors file in PyTorch's names and layout. */
async function loadWeights({generator, critic}: Networks, path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory())
    throw new GanError('data', 'GAN_FILE_UNREADABLE', `${path} is a folder; weights are in a safetensors file`, {
      suggestions: [
        `gan export ${quoted(path)} --format safetensors --out weights.safetensors   writes those of a run; then --init weights.safetensors`,
      ],
    });
  const {tensors} = await readSafetensors(path);
  const found = Object.entries({generator, critic})
    .map(([name, network]) => ({name, network, state: withoutPrefix(`${name}.`, tensors)}))
    .filter(({state}) => state.size > 0);
  if (found.length === 0) {
    throw new GanError(
      'data',
      'GAN_STATE_MISMATCH',
      `${path} has no tensor whose name begins with generator. or critic.`,
      {
        suggestions: ['save the state_dict of the whole GANModule; in fastai: learn.model.state_dict()'],
      },
    );
  }
  for (const {name, network, state} of found) {
    const bad = [...state].find(([, {data}]) => data instanceof Float32Array && !data.every(Number.isFinite));
    if (bad)
      throw new GanError(
        'data',
        'GAN_FILE_BROKEN',
        `${path} cannot be trained on: ${name}.${bad[0]} holds values that are not finite`,
        {
          suggestions: ['use weights from before that training went wrong'],
        },
      );
    try {
      network.loadStateDict(state);
    } catch (error) {
      if (!isGanError(error)) throw error;
      throw new GanError('data', 'GAN_STATE_MISMATCH', `the ${name} in ${path}: ${error.message}`, {
        suggestions: error.suggestions,
      });
    }
  }
}
