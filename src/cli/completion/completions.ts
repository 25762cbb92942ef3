import type {Command} from '@oclif/core';
import {
  configKeys,
  isListKey,
  isMapKey,
  isScalarKey,
  isSingleKey,
  listKeys,
  mapKeys,
  scalarFacts,
  scalarKeys,
  singleFacts,
  singleKeys,
} from '../../options/config-keys.js';
import {kindNames, partKinds} from '../../options/kinds.js';
import type {PartKind} from '../../options/kinds.js';
import type {Registry} from '../../plugin/registry.js';
import {configKey} from '../flags/config-flags.js';
import {printableLine} from '../text/printable.js';
import {shells} from './shells.js';

/**
 * The sources of completions. Names come from package.json files. Parts are loaded only to complete keys of `--set`.
 */
export interface CompletionContext {
  commands: readonly Pick<Command.Loadable, 'id' | 'aliases' | 'flags' | 'args' | 'hidden'>[];
  registry(): Promise<Registry>;
  /** What names a run that is at hand. */
  runs(): Promise<string[]>;
  /** Short names of the plug-ins that are installed. */
  plugins(): string[];
}

/**
 * Returns the completions of the last word, sorted. Returns none where the shell should complete file names itself.
 * @param words those after `gan`, the last one as far as it is typed
 */
export async function complete(words: readonly string[], context: CompletionContext): Promise<string[]> {
  const [current = '', before] = [words.at(-1), words.slice(0, -1)];
  const names = context.commands
    .filter(({hidden}) => !hidden)
    .flatMap((command) => [command.id, ...command.aliases].map((id) => ({words: id.split(':'), command})));
  const leading =
    before.findIndex((word) => word.startsWith('-')) === -1
      ? before
      : before.slice(
          0,
          before.findIndex((word) => word.startsWith('-')),
        );
  const found = names
    .filter(({words: id}) => id.every((word, i) => leading[i] === word))
    .sort((a, b) => b.words.length - a.words.length)[0];
  const next =
    before.length === leading.length
      ? names
          .filter(({words: id}) => id.length > before.length && before.every((word, i) => id[i] === word))
          .map(({words: id}) => id[before.length]!)
      : [];
  const candidates = [
    ...next,
    ...(found ? await ofCommand(found.command, current, before.slice(found.words.length), context) : []),
  ];
  // a name with a line feed or an escape sequence in it cannot be a line of the answer
  return [...new Set(candidates)]
    .filter((each) => each.startsWith(current) && each !== '' && printableLine(each) === each)
    .sort();
}

async function ofCommand(
  {flags, args, id}: CompletionContext['commands'][number],
  current: string,
  before: readonly string[],
  context: CompletionContext,
): Promise<string[]> {
  const value = /^--([^=]+)=(.*)$/s.exec(current);
  if (value) return (await ofFlag(value[1]!, value[2]!, flags, context)).map((each) => `--${value[1]}=${each}`);
  /** `batch-size` of `--batch-size` and of `-b`. */
  const nameOf = (word: string): string =>
    Object.keys(flags).find((name) => `--${name}` === word || `-${flags[name]!.char}` === word) ?? '';
  const flag = nameOf(before.at(-1) ?? '');
  if (flags[flag]?.type === 'option') return ofFlag(flag, current, flags, context);
  if (current.startsWith('-'))
    return Object.entries(flags).flatMap(([name, {type, ...rest}]) => [
      `--${name}`,
      ...(type === 'boolean' && 'allowNo' in rest && rest.allowNo ? [`--no-${name}`] : []),
    ]);
  const position = before.filter(
    (word, i) => !word.startsWith('-') && flags[nameOf(before[i - 1] ?? '')]?.type !== 'option',
  ).length;
  return ofArgument(id, Object.keys(args)[Math.min(position, Object.keys(args).length - 1)], context);
}

async function ofFlag(
  flag: string,
  current: string,
  flags: Command.Loadable['flags'],
  {registry, runs}: CompletionContext,
): Promise<string[]> {
  if (flag === 'resume') return runs();
  if (flag === 'backends') return afterComma(current, (await registry()).names('backend'));
  if (flag === 'provides') return afterComma(current, [...kindNames, 'command']);
  if (flag === 'format' && flags['set']) return (await registry()).names('exporter');
  if (flag === 'set') {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(current) ?? [];
    if (key === undefined) return settings(await registry());
    return (await ofKey(key, value!, registry)).map((each) => `${key}=${each}`);
  }
  const known = flags[flag];
  return known?.type === 'option' && known.options
    ? [...known.options]
    : ofKey(configKey(flag) ?? flag, current, registry);
}

/** Completions of the value of a configuration key. */
async function ofKey(key: string, current: string, registry: CompletionContext['registry']): Promise<string[]> {
  if (isSingleKey(key)) {
    const {kind, optional, auto} = singleFacts(key);
    return [...(await registry()).names(kind), ...(auto ? ['auto'] : []), ...(optional ? ['none'] : [])];
  }
  if (isListKey(key)) return afterComma(current, (await registry()).names(configKeys[key].kind));
  const [top = ''] = key.split('.');
  if (isMapKey(top)) {
    const names = [...(await registry()).names(configKeys[top].kind), 'none'];
    return top === key ? names.map((name) => current.slice(0, current.lastIndexOf('=') + 1) + name) : names;
  }
  if (!isScalarKey(key)) return [];
  const {spec, memberOf} = scalarFacts(key);
  if (memberOf !== undefined) return (await registry()).names(configKeys[memberOf].kind);
  return spec.type === 'oneOf' ? [...spec.values] : [];
}

/** Completes the last name of a list such as `a,b`. */
const afterComma = (current: string, names: readonly string[]): string[] => {
  const done = current.slice(0, current.lastIndexOf(',') + 1);
  return names.filter((name) => !done.split(',').includes(name)).map((name) => done + name);
};

async function ofArgument(
  id: string,
  argument: string | undefined,
  {registry, runs, plugins}: CompletionContext,
): Promise<string[]> {
  if (argument === 'data') return (await registry()).names('source').map((name) => `builtin:${name}`);
  if (argument === 'kind') return kindNames.flatMap((kind) => [kind, partKinds[kind].manifestKey]);
  if (argument === 'shell') return [...shells];
  if (argument === 'topic') return kindNames.map((kind) => partKinds[kind].manifestKey);
  if (id === 'backends:test') return (await registry()).names('backend');
  if (/^plugins:(uninstall|inspect)$/.test(id)) return plugins();
  return argument === 'run' || id === 'runs:diff' ? runs() : [];
}

/** `lr=`, `arch=`, `arch.nFeatures=`, `augment.flip.p=`: with an equals sign, after which the value comes. */
async function settings(registry: Registry): Promise<string[]> {
  const options = async (kind: PartKind, prefix: (name: string) => string): Promise<string[]> =>
    (
      await Promise.all(
        registry.list(kind).map(({name}) =>
          registry.describe(kind, name).then(
            (part) => Object.keys(part.options ?? {}).map((option) => `${prefix(name)}.${option}=`),
            () => [],
          ),
        ),
      )
    ).flat();
  const parts = await Promise.all([
    options('source', () => 'source'),
    ...singleKeys.map((key) => options(configKeys[key].kind, () => key)),
    ...listKeys.map((key) => options(configKeys[key].kind, (name) => `${key}.${name}`)),
  ]);
  return [...['data', ...singleKeys, ...mapKeys, ...listKeys, ...scalarKeys].map((key) => `${key}=`), ...parts.flat()];
}
