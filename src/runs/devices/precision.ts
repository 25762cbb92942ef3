/** The precision of a training, as an option of the backend that computes it. */
import {GanError} from '../../errors.js';
import {isAccepted} from '../../options/options-check.js';
import type {PartChoice, RunConfig} from '../../options/run-config.js';
import type {Registry} from '../../plugin/registry.js';

/**
 * The backend with the precision that a configuration wants. Backends that round have an option `precision`.
 * @throws GanError GAN_PRECISION if the backend has no such precision; `auto` passes over those that do not
 */
export async function withPrecision(
  registry: Registry,
  backend: PartChoice,
  {precision}: Pick<RunConfig, 'precision'>,
): Promise<PartChoice> {
  if (precision === 'default') return backend;
  const {name, options} = backend;
  if (name !== 'auto' && !(await hasPrecision(registry, name, precision))) {
    const has = await Promise.all(registry.names('backend').map((each) => hasPrecision(registry, each, precision)));
    const names = registry.names('backend').filter((_, i) => has[i]);
    throw new GanError('config', 'GAN_PRECISION', `The backend ${name} has no precision ${precision}.`, {
      suggestions: [
        `Backends that have it: ${names.length === 0 ? 'none' : names.map((each) => `--backend ${each}`).join(', ')}`,
        `--precision default   computes as ${name} does`,
      ],
    });
  }
  return {name, options: {...options, precision}};
}

async function hasPrecision(registry: Registry, name: string, precision: string): Promise<boolean> {
  const spec = (await registry.describe('backend', name).catch(() => undefined))?.options?.['precision'];
  return spec !== undefined && isAccepted(spec, {value: precision, origin: 'precision'});
}
