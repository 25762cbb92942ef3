import {Help, type Command} from '@oclif/core';
import type {OptionSpec} from '../../options/options.js';
import type {PartKind} from '../../options/kinds.js';
import type {Recipe} from '../../plugin/index.js';
import type {Registry} from '../../plugin/registry.js';
import type {DeclaredPart} from '../../plugin/manifest.js';
import {kindNames, partKinds} from '../../options/kinds.js';
import {
  configKeys,
  flagOf,
  isListKey,
  keyOfKind,
  listKeys,
  singleFacts,
  singleKeys,
} from '../../options/config-keys.js';
import {trainingPartKeys} from '../../options/run-config.js';
import {configKey, isCommon} from '../flags/config-flags.js';
import {printable} from '../text/printable.js';

const besideStyles = /(?<=^|\u001B\[[\d;]*m)(?:(?!\u001B\[[\d;]*m)[^])+/g;

/** The kinds of parts that the flags and arguments of a command choose. */
const kindsOf = ({flags, args}: Command.Loadable): PartKind[] => [
  ...new Set([
    ...[...singleKeys, ...listKeys].filter((key) => flagOf(key) in flags).map((key) => configKeys[key].kind),
    ...('data' in args ? (['source'] as const) : []),
  ]),
];
const exporters: readonly PartKind[] = ['exporter'];

/** Examples in a short help. */
const examples = 3;

/** What `gan help` can be asked for beside commands. */
const topics = kindNames.map((kind) => partKinds[kind].manifestKey);

const isKind = (kind: PartKind, word: string): boolean => word === kind || word === partKinds[kind].manifestKey;

/**
 * oclif's help. Commands that configure a run have many flags: their help shows the ones that most people set, and
 * with `--all` the others, the parts that can be chosen, with their options, from the registry, and the default of
 * each flag, the default recipe's values included. `gan help losses` shows the parts of a kind. Loads no tfjs: see
 * LazyTensors.
 */
export default class GanHelp extends Help {
  #all = false;

  /** @param argv of `--help`: a command and its flags; of `gan help`: a command or a kind of part */
  override async showHelp(argv: string[]): Promise<void> {
    this.#all = argv.includes('--all');
    const words = argv.filter((word) => word !== '--all');
    const kind = words.length === 1 ? kindNames.find((each) => isKind(each, words[0]!)) : undefined;
    if (kind === undefined || this.config.findCommand(words[0]!)) return super.showHelp(words);
    this.log(await this.#partSection(await this.#registry(), kind));
  }

  /** The commands, and what else there is to read. */
  override async showRootHelp(): Promise<void> {
    await super.showRootHelp();
    const rows = [
      ['gan fit photos', 'trains on a folder of images'],
      ['gan COMMAND --help', 'arguments and flags of a command'],
      ['gan help KIND', `parts to choose from: ${topics.join(', ')}`],
    ] as [string, string][];
    this.log(this.section('FIRST STEPS', this.renderList(rows, {indentation: 2, spacer: '\n', stripAnsi: false})));
    this.log('');
  }

  override async showCommandHelp(command: Command.Loadable): Promise<void> {
    const id = command.id.replaceAll(':', ' ');
    const flags = Object.keys(command.flags);
    const configures = flags.includes('recipe');
    const kinds = configures ? kindsOf(command) : flags.includes('format') && flags.includes('out') ? exporters : [];
    if (kinds.length === 0) return super.showCommandHelp(command);
    const registry = await this.#registry();
    if (configures) {
      command.usage ??= `${id} ${'data' in command.args ? '[DATA] ' : ''}[FLAGS]`;
      if (!this.#all) {
        for (const [name, flag] of Object.entries(command.flags)) if (!isCommon(name)) flag.hidden = true;
        command.examples = command.examples?.slice(0, examples);
      }
      const defaults = await defaultTexts(registry);
      for (const [name, flag] of Object.entries(command.flags)) {
        const text = defaults.get(configKey(name) ?? '');
        if (text !== undefined && !flag.description?.includes('[default: '))
          flag.description = `${flag.description ?? ''} ${text}`.trim();
      }
    }
    await super.showCommandHelp(command);
    if (this.#all || !configures) for (const kind of kinds) this.log(await this.#partSection(registry, kind));
    else this.log(this.#moreHelp(id, flags.length));
  }

  async #registry(): Promise<Registry> {
    const {openRegistry} = await import('../../plugin/discover.js');
    return openRegistry(this.config.plugins.values(), this.config.dataDir);
  }

  /** Where what the short help leaves out is to be found. */
  #moreHelp(id: string, flags: number): string {
    const rows = [
      [`gan ${id} --help --all`, `all ${flags} flags, and all parts that they choose from`],
      ['gan help KIND', `parts of a kind and their options: ${topics.join(', ')}`],
    ] as [string, string][];
    const list = this.renderList(rows, {indentation: 2, spacer: '\n', stripAnsi: this.opts.stripAnsi ?? false});
    return `${this.section('MORE HELP', list)}\n`;
  }

  /** oclif's own styles stay; what plug-ins say about themselves is text. */
  protected override log(...texts: string[]): void {
    super.log(...texts.map((text) => text.replaceAll(besideStyles, printable)));
  }

  async #partSection(registry: Registry, kind: PartKind): Promise<string> {
    const rows = await Promise.all(registry.list(kind).map((part) => describe(registry, part)));
    const key = kind === 'source' ? 'source' : keyOfKind(kind);
    const flag = kind === 'exporter' ? 'format' : key && flagOf(key);
    const name = partKinds[kind].manifestKey.toUpperCase();
    const title = kind === 'source' ? 'DATA: builtin:NAME' : flag === undefined ? name : `${name}: --${flag} NAME`;
    const options = flag && (isListKey(key ?? '') ? `${flag}.NAME` : flag);
    return (
      this.section(
        options === undefined ? title : `${title}, options by --set ${options}.KEY=VALUE`,
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
