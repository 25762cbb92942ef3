import {existsSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {GanError, isGanError, messageOf} from '../errors.js';
import {apiVersion, type Definition, type Gan, type PartDefinition, type PartKind, type PartKinds} from './index.js';
import {definitionFault} from './definition-check.js';
import {installable, type InstallablePart} from './installable.js';
import {guard} from './guard.js';
import {kindLabel, kindNames, partKinds} from '../options/kinds.js';
import {readManifest, type DeclaredPart, type PackageInfo, type PluginProblem} from './manifest.js';
import {isCalled} from './names.js';
import {didYouMean, nearestFirst} from '../options/nearest.js';
import {checkOptions, type GivenMap} from '../options/options-check.js';
import {opt} from '../options/options.js';
import {LazyTensors, type TensorApi} from './tensors.js';

/** A name that several packages give to parts of one kind. */
export interface Clash {
  kind: PartKind;
  name: string;
  packages: string[];
}

/** `gan-plugin-x:name`. */
const qualified = (part: DeclaredPart): string => `${part.package}:${part.name}`;

function missingPlugin(kind: PartKind, name: string, owner: string): GanError {
  return new GanError(
    'config',
    'GAN_PLUGIN_MISSING',
    `The ${kindLabel(kind)} '${name}' comes from the plug-in ${owner}, which is not installed.`,
    {
      suggestions: [`gan plugins install ${owner}`, 'gan parts   lists what there is'],
    },
  );
}

function brokenPart(part: DeclaredPart, reason: string, cause?: unknown): GanError {
  return new GanError(
    part.kind === 'backend' ? 'backend' : 'config',
    'GAN_PLUGIN_BROKEN',
    `The ${kindLabel(part.kind)} '${part.name}' of ${part.package} cannot be used: ${reason}.`,
    {
      suggestions: [`It is declared in the package.json of ${part.package} as ${part.file}.`],
      ...(cause === undefined ? {} : {cause}),
    },
  );
}

/**
 * Everything that can be chosen by name. Names come from package.json files; a part's module is imported when the part
 * is first loaded. Built-in parts go the same way as everybody's.
 */
export class Registry {
  /** Plug-ins, or parts of them, that cannot be used, and why. */
  readonly problems: readonly PluginProblem[];
  readonly tensors: LazyTensors;
  /** Names of parts that several plug-ins bring, or that a built-in part has, too. */
  readonly clashes: readonly Clash[];
  readonly #packages: readonly PackageInfo[];
  readonly #declared = new Map<string, DeclaredPart[]>();
  readonly #definitions = new Map<DeclaredPart, Promise<Definition<unknown>>>();

  /**
   * @param packages built-in ones first; of several with one name among these the first has it
   * @param importTensors how `tf` and `nn` are obtained when a part first needs them
   * @param lost plug-ins that are not even found
   */
  constructor(
    packages: readonly PackageInfo[],
    importTensors: () => Promise<TensorApi>,
    lost: readonly PluginProblem[] = [],
  ) {
    const manifests = packages.map(readManifest);
    for (const part of manifests.flatMap(({parts}) => parts)) {
      const key = `${part.kind}/${part.name}`;
      this.#declared.set(key, [...(this.#declared.get(key) ?? []), part]);
    }
    this.#packages = packages;
    this.problems = [...manifests.flatMap(({problems}) => problems), ...lost];
    this.clashes = [...this.#declared.values()]
      .filter((parts) => parts.length > 1)
      .map((parts) => ({kind: parts[0]!.kind, name: parts[0]!.name, packages: parts.map((part) => part.package)}));
    this.tensors = new LazyTensors(importTensors);
  }

  /** The parts of a kind, from package.json alone, by the names that are to be typed: `gan-plugin-x:name` where `name` is not enough. */
  list(kind: PartKind): DeclaredPart[] {
    const named = (parts: DeclaredPart[]) =>
      parts.map((part, i) =>
        parts.length === 1 || (i === 0 && part.builtIn) ? part : {...part, name: qualified(part)},
      );
    return [...this.#declared.values()].filter(([first]) => first!.kind === kind).flatMap(named);
  }

  names(kind: PartKind): string[] {
    return this.list(kind).map(({name}) => name);
  }

  /** A part's name that stays right whatever else is installed: its own for built-in parts, `gan-plugin-x:name` for others. */
  fullName(kind: PartKind, name: string): string {
    const part = this.#find(kind, name, undefined);
    return part.builtIn ? part.name : qualified(part);
  }

  /** The version in a package's package.json; undefined where it has none. */
  versionOf(packageName: string): string | undefined {
    const version = this.#packages.find(({name}) => name === packageName)?.pjson['version'];
    return typeof version === 'string' ? version : undefined;
  }

  /** Parts of this project that are not there, because their package is not installed. */
  installable(kind: PartKind): InstallablePart[] {
    return installable.filter((part) => part.kind === kind && !this.#declared.has(`${kind}/${part.name}`));
  }

  /**
   * The definition of a part: its summary, its options, how to create it.
   * @param origin where the name came from, for the message
   * @throws GanError GAN_UNKNOWN_PART, GAN_PLUGIN_MISSING, GAN_AMBIGUOUS_PART, GAN_PLUGIN_BROKEN
   */
  async load<K extends PartKind>(kind: K, name: string, origin?: string): Promise<PartDefinition<K>> {
    const declared = this.#find(kind, name, origin);
    let definition = this.#definitions.get(declared);
    if (!definition) this.#definitions.set(declared, (definition = this.#import(declared)));
    return (await definition) as PartDefinition<K>; // `definitionFault` compared the kinds
  }

  /** Makes a part from option values, which are checked first. `origin` is where the name came from. */
  async create<K extends PartKind>(
    kind: K,
    name: string,
    given: GivenMap = new Map(),
    origin?: string,
  ): Promise<PartKinds[K]> {
    const definition = await this.load(kind, name, origin);
    const {values} = checkOptions(`${kindLabel(kind)} ${name}`, definition.options ?? {}, given);
    const declared = this.#find(kind, name, origin);
    if (declared.builtIn) return this.tensors.retry(() => definition.create(values) as PartKinds[K]);
    const {create} = guard(
      {create: (given: typeof values) => this.tensors.retry(() => definition.create(given))},
      declared,
    );
    const made: unknown = await create(values);
    if (made === null || (typeof made !== 'object' && typeof made !== 'function'))
      throw brokenPart(declared, `its \`create\` returns ${String(made)}`);
    return (kind === 'backend' ? made : guard(made, declared)) as PartKinds[K]; // who probes and opens a backend says its name
  }

  /** The part that a name means: `name`, `package:name`, or the package's friendly name before the colon. */
  #find(kind: PartKind, name: string, origin: string | undefined): DeclaredPart {
    const at = name.lastIndexOf(':');
    const [owner, plain] = at === -1 ? [undefined, name] : [name.slice(0, at), name.slice(at + 1)];
    const parts = this.#declared.get(`${kind}/${plain}`) ?? [];
    const found = owner === undefined ? parts : parts.filter((part) => isCalled(part.package, owner));
    const [first] = found;
    if (!first)
      throw owner === undefined || this.#packages.some((info) => isCalled(info.name, owner))
        ? this.#unknown(kind, name, origin)
        : missingPlugin(kind, plain, owner);
    if (found.length === 1 || first.builtIn) return first;
    throw new GanError(
      'usage',
      'GAN_AMBIGUOUS_PART',
      `${found.map((part) => part.package).join(' and ')} bring ${partKinds[kind].noun} '${plain}' each.`,
      {
        suggestions: [`Say which: ${found.map(qualified).join(' or ')}.`],
      },
    );
  }

  #unknown(kind: PartKind, name: string, origin: string | undefined): GanError {
    const missing = this.installable(kind).find((part) => part.name === name);
    if (missing) {
      return new GanError(
        kind === 'backend' ? 'backend' : 'config',
        'GAN_NOT_INSTALLED',
        `The ${kindLabel(kind)} '${name}' is not installed.`,
        {
          suggestions: [missing.fix, `There are: ${this.names(kind).join(', ')}.`],
        },
      );
    }
    const names = this.names(kind);
    const meant = didYouMean(name, names);
    const from = origin === undefined ? '' : ` (from ${origin})`;
    return new GanError('usage', 'GAN_UNKNOWN_PART', `There is no ${kindLabel(kind)} '${name}'${from}.`, {
      suggestions: [
        ...(meant === undefined ? [] : [`Did you mean '${meant}'?`]),
        names.length === 0 ? 'None is installed.' : `There are: ${nearestFirst(name, names).join(', ')}.`,
        ...this.problems.map((problem) => `${problem.package} is left out: ${problem.reason}.`),
      ],
    });
  }

  async #import(part: DeclaredPart): Promise<Definition<unknown>> {
    const broken = (reason: string, cause?: unknown) => brokenPart(part, reason, cause);
    if (!existsSync(part.file)) throw broken('its file does not exist (is the package built?)');
    try {
      const module = (await import(pathToFileURL(part.file).href)) as {default?: unknown};
      if (typeof module.default !== 'function') throw broken('its module has no default export that is a function');
      const made = new Map<unknown, PartKind>();
      const gan = this.#gan(made);
      const definition: unknown = await this.tensors.retry(() => (module.default as (gan: Gan) => unknown)(gan));
      const fault = definitionFault(definition, part, made.get(definition));
      if (fault !== undefined) throw broken(fault);
      return definition as Definition<unknown>;
    } catch (error) {
      if (isGanError(error)) throw error;
      throw broken(messageOf(error), error);
    }
  }

  /** The API object for one part; what its kind functions return is noted in `made`. */
  #gan(made: Map<unknown, PartKind>): Gan {
    const {tensors} = this;
    const define = Object.fromEntries(
      kindNames.map((kind) => [
        kind,
        <T>(definition: T): T => {
          made.set(definition, kind);
          return definition;
        },
      ]),
    ) as Pick<Gan, PartKind>;
    return {
      ...define,
      apiVersion,
      opt,
      GanError,
      get tf() {
        return tensors.tf;
      },
      get nn() {
        return tensors.nn;
      },
    };
  }
}
