import {GanError} from '../../errors.js';
import {flagOf} from '../../options/config-keys.js';
import {resolveConfig} from '../../config/resolve.js';
import type {RunConfig} from '../../options/run-config.js';
import type {Registry} from '../../plugin/registry.js';
import {assignmentsOf} from '../flags/config-flags.js';
import {deviceOf} from '../flags/device-flag.js';

/** A batch that a processor does in a second or two; `gan fit` has 64. */
export const benchBatchSize = 16;

/** Options of backends are given as `--set webgpu.device=...`, since there are several backends. */
const backendOption = /^([a-z][a-z0-9-]*)\.([^=]+)=(.*)$/s;

export interface BenchConfig {
  config: RunConfig;
  /** The options of each backend, by its name. */
  options: Record<string, Record<string, string>>;
}

/**
 * The job of a benchmark: the default training on built-in images, changed by flags and `--set`.
 * @param choosable the backends with several devices, which `--device` is for
 */
export async function benchConfig(
  registry: Registry,
  choosable: readonly string[],
  flags: Readonly<Record<string, unknown>>,
): Promise<BenchConfig> {
  const names = registry.names('backend');
  const options: BenchConfig['options'] = {};
  const set = ((flags['set'] ?? []) as string[]).filter((text) => {
    const [, backend = '', key = '', value = ''] = backendOption.exec(text) ?? [];
    if (!names.includes(backend)) return true;
    options[backend] = {...options[backend], [key]: value};
    return false;
  });
  const device = deviceOf(flags);
  if (device) {
    if (choosable.length === 0)
      throw new GanError(
        'usage',
        'GAN_ONE_DEVICE',
        `--device ${String(device.value)} cannot be used: each of these backends has only one device or is not installed.`,
        {suggestions: ['gan backends']},
      );
    for (const backend of choosable) options[backend] = {device: String(device.value), ...options[backend]};
  }
  const assignments = assignmentsOf(flags);
  if (!assignments.has('batchSize') && !set.some((text) => text.startsWith('batchSize=')))
    assignments.set('batchSize', {value: String(benchBatchSize), origin: 'gan bench', blame: 'usage'});
  const {config, auto} = await resolveConfig({registry, flags: assignments, set, ignoreFiles: true});
  if (auto.length > 0)
    throw new GanError('usage', 'GAN_USAGE', `A bench needs a number for --${flagOf(auto[0]!)}, not auto.`, {
      suggestions: ['Backends are compared with the same batch.'],
    });
  return {config, options};
}
