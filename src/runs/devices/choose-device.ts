import {GanError, isGanError} from '../../errors.js';
import type {OptionSpecs} from '../../options/options.js';
import type {Given, GivenMap} from '../../options/options-check.js';
import type {Registry} from '../../plugin/registry.js';

/** True if a backend can have several devices, that is, if it has the option `device`. */
export const takesDevice = (part: {options?: OptionSpecs} | undefined): boolean =>
  Object.hasOwn(part?.options ?? {}, 'device');

/**
 * The options of a backend with the device of `--device`, which its option `device` says the meaning of: a number, or a
 * part of a name.
 * @throws GanError GAN_ONE_DEVICE where there is nothing to choose, GAN_UNKNOWN_PART
 */
export async function withDevice(
  registry: Registry,
  name: string,
  options: GivenMap,
  device: Given | undefined,
): Promise<GivenMap> {
  const part = await registry.load('backend', name); // an unknown name is an error of its own
  if (!device) return options;
  if (takesDevice(part)) return new Map([...options, ['device', device]]);
  const others = await choosable(registry, registry.names('backend'));
  throw new GanError(
    device.blame ?? 'config',
    'GAN_ONE_DEVICE',
    `The backend ${name} has only one device, so ${device.origin} ${String(device.value)} cannot be used.`,
    {
      suggestions: [
        `Leave out ${device.origin}.`,
        others.length === 0
          ? 'No installed backend has several devices.'
          : `Backends with several devices: ${others.map((other) => `--backend ${other}`).join(', ')}; gan backends lists their devices.`,
      ],
    },
  );
}

/** Those of some backends that have several devices; one that is broken or unknown has none. */
export async function choosable(registry: Registry, names: readonly string[]): Promise<string[]> {
  const parts = await Promise.all(
    names.map(async (name) => {
      const part = await registry.describe('backend', name).catch((error: unknown) => {
        if (!isGanError(error)) throw error;
      });
      return part && takesDevice(part) ? [name] : [];
    }),
  );
  return parts.flat();
}
