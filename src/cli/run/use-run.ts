import type {Registry} from '../../plugin/registry.js';
import type {ConfigSources} from '../../config/layers.js';
import type {WeightsChoice} from '../../gan/checkpoint.js';
import type {Run, RunOptions} from '../../runs/open-run.js';
import {assignmentsOf} from '../flags/config-flags.js';
import {checkpointOf} from '../flags/run-flags.js';
import {deviceOf} from '../flags/device-flag.js';

/** The flags of commands that work with a trained run. */
interface RunFlags {
  checkpoint?: string | undefined;
  weights?: WeightsChoice | undefined;
  backend?: string | undefined;
  device?: string | undefined;
}

/** Makes the options of `openRun` from the flags of a command. @throws GanError GAN_USAGE */
export function runOptions(registry: Registry, configSources: ConfigSources, flags: RunFlags): RunOptions {
  const [checkpoint, backend, deviceName] = [
    checkpointOf(flags),
    assignmentsOf({backend: flags.backend}).get('backend'),
    deviceOf(flags),
  ];
  return {
    registry,
    configSources,
    ...(checkpoint !== undefined && {checkpoint}),
    ...(flags.weights && {weights: flags.weights}),
    ...(backend && {backend}),
    ...(deviceName && {deviceName}),
  };
}

/** Opens a run for as long as it is used. Loads tfjs when the run has to compute. @throws as `openRun` */
export async function withRun<T>(dir: string, options: RunOptions, use: (run: Run) => Promise<T>): Promise<T> {
  const {openRun} = await import('../../runs/open-run.js');
  const run = await openRun(dir, options);
  try {
    return await use(run);
  } finally {
    await run.close();
  }
}
