import {GanError} from '../../errors.js';
import type {Given} from '../../options/options-check.js';

/** Options of a command's one part from `key=value` texts; `part.key=value`, as `gan fit` has them, is the same. */
export function partOptions(texts: readonly string[], part: string): Map<string, Given> {
  return new Map(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new GanError('usage', 'GAN_USAGE', `--set ${text} is not KEY=VALUE.`);
      const key = text.slice(0, at);
      return [
        key.startsWith(`${part}.`) ? key.slice(part.length + 1) : key,
        {value: text.slice(at + 1), origin: `--set ${key}`},
      ];
    }),
  );
}
