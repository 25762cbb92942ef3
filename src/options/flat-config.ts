import type {PartChoice} from './run-config.js';

/**
 * A configuration with one entry for each value, under the keys that `--set` takes: `arch` is `basic`, `arch.nFeatures`
 * is 64, `augment` is `flip`, `augment.flip.p` is 0.5, `schedules.mom` is `cosine`. A list without parts is
 * `none`.
 * @param config of a run; it may also come from a file that nobody has checked
 */
export function flatConfig(config: object): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  const add = (prefix: string, options: object): void => {
    for (const [option, value] of Object.entries(options)) {
      if (isPart(value)) addPart(`${prefix}.${option}`, value);
      else flat.set(`${prefix}.${option}`, value);
    }
  };
  const addPart = (key: string, {name, options}: PartChoice): void => {
    flat.set(key, name);
    add(key, options);
  };
  for (const [key, value] of Object.entries(config) as [string, unknown][]) {
    if (isPart(value)) addPart(key, value);
    else if (Array.isArray(value)) {
      const parts = value.filter(isPart);
      flat.set(key, parts.map(({name}) => name).join(',') || 'none');
      for (const {name, options} of parts) add(`${key}.${name}`, options);
    } else if (typeof value === 'object' && value !== null) add(key, value);
    else flat.set(key, value);
  }
  return flat;
}

const isPart = (value: unknown): value is PartChoice => {
  const {name, options} = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof name === 'string' && typeof options === 'object' && options !== null;
};
