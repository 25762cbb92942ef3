import {partKinds} from '../../options/kinds.js';
import {describeSpec} from '../../options/options-check.js';
import type {PartKind} from '../../options/kinds.js';
import type {OptionSpecs} from '../../options/options.js';
import type {Registry} from '../../plugin/registry.js';
import type {Style} from '../text/style.js';

/** A line of `gan parts --json`. */
export interface ListedPart {
  kind: PartKind;
  /** The name as the user types it. */
  name: string;
  package: string;
  summary?: string;
  /** Each option by name: type, default (absent if the option may be omitted), help, and range or values. */
  options?: OptionSpecs;
  /** Instead of summary and options: the reason why the part cannot be used. */
  error?: string;
}

/** The parts of a kind, each as it says of itself; what fails is told in its place. */
export function describeParts(registry: Registry, kind: PartKind): Promise<ListedPart[]> {
  return Promise.all(
    registry.list(kind).map(async ({name, package: from}) => {
      const part = {kind, name, package: from};
      // the registry throws GanErrors only
      const facts = await registry.describe(kind, name).catch((error: Error) => error);
      if (facts instanceof Error) return {...part, error: facts.message};
      return {...part, summary: facts.summary, options: facts.options ?? {}};
    }),
  );
}

/** The same for people: a heading, a line a part, a line an option. */
export function partLines(kind: PartKind, parts: readonly ListedPart[], paint: Style): string[] {
  const lines = parts.flatMap(({name, package: from, summary, options = {}, error}) => [
    `  ${paint('cyan', name)}  ${error === undefined ? summary : paint('red', error)} ${paint('dim', `(${from})`)}`,
    ...Object.entries(options).map(
      ([key, spec]) =>
        `      ${key}=${spec.default ?? 'none'}  ${paint('dim', [spec.help, describeSpec(spec)].filter((text) => text !== undefined).join('; '))}`,
    ),
  ]);
  return [paint('bold', partKinds[kind].manifestKey), ...(parts.length === 0 ? ['  none'] : lines), ''];
}
