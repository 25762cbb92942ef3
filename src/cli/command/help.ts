import {Help, type Command} from '@oclif/core';
import type {OptionSpec} from '../../options/options.js';
import type {PartKind} from '../../options/kinds.js';
import type {Recipe} from '../../plugin/index.js';
import type {Registry} from '../../plugin/registry.js';
import type {DeclaredPart} from '../../plugin/manifest.js';
import {partKinds} from '../../options/kinds.js';
import {configKeys, flagOf, isListKey, listKeys, singleFacts, singleKeys} from '../../options/config-keys.js';
import {trainingPartKeys} from '../../options/run-config.js';
import {configKey} from '../flags/config-flags.js';
import {printable} from '../text/printable.js';

const besideStyles = /(?<=^|\u001B\[[\d;]*m)(?:(?!\u001B\[[\d;]*m)[^])+/g;

/** The flags of a run that choose parts, and what kind; `data` is the argument that names a source. */
const partFlags: readonly (readonly [flag: string, kind: PartKind])[] = [
  ...[...singleKeys, ...listKeys].map((key) => [flagOf(key), configKeys[key].kind] as const),
  ['data', 'source'],
];

/**
 * oclif's help, with two things added to commands that configure a run: the parts that can be chosen, with their
 * options, from the registry; and the default of each flag, the default recipe's values included. Loads no tfjs: see
 * LazyTensors.
 */
export default class GanHelp extends Help {
  override async showCommandHelp(command: Command.Loadable): Promise<void> {
    const flags = Object.keys(command.flags);
    const mine = partFlags.filter(([flag]) => flags.includes(flag) || (flag === 'data' && 'data' in command.args));
    const parts: typeof partFlags = flags.includes('recipe')
      ? mine
      : flags.includes('format')
        ? [['format', 'exporter']]
        : [];
    if (parts.length === 0) return super.showCommandHelp(command);
    const {openRegistry} = await import('../../plugin/discover.js');
    const registry = openRegistry(this.config.plugins.values(), this.config.dataDir);
    const defaults = flags.includes('recipe') ? await defaultTexts(registry) : new Map<string, string>();
    for (const [name, flag] of Object.entries(command.flags)) {
      const text = defaults.get(configKey(name) ?? '');
      if (text !== undefined && !flag.description?.includes('[default: '))
        flag.description = `${flag.description ?? ''} ${text}`.trim();
    }
    await super.showCommandHelp(command);
    for (const [flag, kind] of parts) this.log(await this.#partSection(registry, flag, kind));
  }

  /** oclif's own styles stay; what plug-ins say about themselves is text. */
  protected override log(...texts: string[]): void {
    super.log(...texts.map((text) => text.replaceAll(besideStyles, printable)));
  }

  async #partSection(registry: Registry, flag: string, kind: PartKind): Promise<string> {
    const rows = await Promise.all(registry.list(kind).map((part) => describe(registry, part)));
    const title =
      kind === 'source' ? 'DATA: builtin:NAME' : `${partKinds[kind].manifestKey.toUpperCase()}: --${flag} NAME`;
    const options = kind === 'source' ? 'source' : isListKey(configKey(flag) ?? '') ? `${flag}.NAME` : flag;
    return (
      this.section(
        `${title}, options by --set ${options}.KEY=VALUE`,
        this.renderList(rows, {indentation: 2, spacer: '\n', stripAnsi: this.opts.stripAnsi ?? false}),
      ) + '\n'
    );
  }
}

/** A part's lines; one that cannot be used says why. */
async function describe(registry: Registry, part: DeclaredPart): Promise<[string, string]> {
  const from = part.package === 'gankit' ? '' : ` (from ${part.package})`;
  // the registry throws GanErrors only
  const facts = await registry.describe(part.kind, part.name).catch((error: Error) => error);
  if (facts instanceof Error) return [part.name, facts.message];
  const {summary, options = {}} = facts;
  const values =
    part.kind === 'recipe' ? [await recipeLine(facts.recipe ?? (await registry.create('recipe', part.name)))] : [];
  return [
    part.name,
    [summary + from, ...values, ...Object.entries(options).map(([key, spec]) => optionLine(key, spec))].join('\n'),
  ];
}

/** The values that a recipe sets, in the form of `--set`: `lr=0.0002 arch=basic arch.nExtraLayers=1`. */
async function recipeLine({values, source}: Recipe): Promise<string> {
  const {flatten} = await import('../../config/assignments.js');
  const settings = [...flatten(values, 'a recipe')].map(([key, {value}]) => `${key}=${String(value)}`);
  return `${settings.join(' ')}\nFrom ${source}.`;
}

function optionLine(key: string, {default: preset, help, ...spec}: OptionSpec): string {
  const choices = spec.type === 'oneOf' ? ` (${spec.values.join(', ')})` : '';
  return `  ${key}=${preset ?? 'none'}${help === undefined ? '' : `: ${help}`}${choices}`;
}

/** `[default: 0.0002]` for each key of the configuration; which numbers recipes set depends on the recipe. */
async function defaultTexts(registry: Registry): Promise<Map<string, string>> {
  const {resolveConfig} = await import('../../config/resolve.js');
  const {config, origins, backend} = await resolveConfig({registry, ignoreFiles: true});
  const texts = new Map<string, string>();
  const set = (key: string, value: unknown): void => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return;
    texts.set(key, `[default: ${origins[key]?.startsWith('recipe') ? 'of the recipe' : value}]`);
  };
  for (const [key, value] of Object.entries(config)) set(key, value);
  for (const key of trainingPartKeys) {
    if (singleFacts(key).optional) continue; // most runs have none
    set(key, config[key]!.name);
    for (const [option, value] of Object.entries(config[key]!.options)) set(`${key}.${option}`, value);
  }
  set('backend', backend.name);
  set('recipe', configKeys.recipe.default);
  return texts;
}
