import {existsSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {GanError, isGanError} from '../errors.js';
import {apiVersion, type BackendDefinition, type Definition, type Gan, type PartKind, type PartKinds} from './index.js';
import {definitionFault} from './definition-check.js';
import {installable, type InstallablePart} from './installable.js';
import {kindLabel, kindNames} from './kinds.js';
import {readManifest, type DeclaredPart, type PackageInfo, type PluginProblem} from './manifest.js';
import {didYouMean, nearestFirst} from './nearest.js';
import {checkOptions, type GivenMap} from './options-check.js';
import {opt} from './options.js';
import {LazyTensors, type TensorApi} from './tensors.js';

export type LoadedPart<K extends PartKind> = K extends 'backend' ? BackendDefinition : Definition<PartKinds[K]>;

/**
 * Everything that can be chosen by name. Names come from package.json files; a part's module is imported when the part
 * is first loaded. Built-in parts go the same way as everybody's.
 */
export class Registry {
  /** Plug-ins, or parts of them, that cannot be used, and why. */
  readonly problems: readonly PluginProblem[];
  readonly tensors: LazyTensors;
  readonly #declared = new Map<string, DeclaredPart>();
  readonly #definitions = new Map<string, Promise<Definition<unknown>>>();

  /**
   * @param packages in order of precedence: the first to declare a name has it
   * @param importTensors how `tf` and `nn` are obtained when a part first needs them
   */
  constructor(packages: readonly PackageInfo[], importTensors: () => Promise<TensorApi>) {
    const problems: PluginProblem[] = [];
    for (const info of packages) {
      const manifest = readManifest(info);
      problems.push(...manifest.problems);
      for (const part of manifest.parts) {
        const key = `${part.kind}/${part.name}`;
        const owner = this.#declared.get(key)?.package;
        if (owner === undefined) this.#declared.set(key, part);
        else problems.push({package: info.name, reason: `its ${kindLabel(part.kind)} '${part.name}' is not used: ${owner} brings one of that name`});
      }
    }
    this.problems = problems;
    this.tensors = new LazyTensors(importTensors);
  }

  /** The parts of a kind, from package.json alone. */
  list(kind: PartKind): DeclaredPart[] {
    return [...this.#declared.values()].filter((part) => part.kind === kind);
  }

  names(kind: PartKind): string[] {
    return this.list(kind).map(({name}) => name);
  }

  /** Parts of this project that are not there, because their package is not installed. */
  installable(kind: PartKind): InstallablePart[] {
    return installable.filter((part) => part.kind === kind && !this.#declared.has(`${kind}/${part.name}`));
  }

  /**
   * The definition of a part: its summary, its options, how to create it.
   * @param origin where the name came from, for the message
   * @throws GanError GAN_UNKNOWN_PART, GAN_PLUGIN_BROKEN
   */
  async load<K extends PartKind>(kind: K, name: string, origin?: string): Promise<LoadedPart<K>> {
    const key = `${kind}/${name}`;
    const declared = this.#declared.get(key);
    if (!declared) throw this.#unknown(kind, name, origin);
    let definition = this.#definitions.get(key);
    if (!definition) this.#definitions.set(key, (definition = this.#import(declared)));
    return (await definition) as LoadedPart<K>; // `definitionFault` compared the kinds
  }

  /** Makes a part from option values, which are checked first. `origin` is where the name came from. */
  async create<K extends PartKind>(kind: K, name: string, given: GivenMap = new Map(), origin?: string): Promise<PartKinds[K]> {
    const definition = await this.load(kind, name, origin);
    const {values} = checkOptions(`${kindLabel(kind)} ${name}`, definition.options ?? {}, given);
    return this.tensors.retry(() => definition.create(values) as PartKinds[K]);
  }

  #unknown(kind: PartKind, name: string, origin: string | undefined): GanError {
    const missing = this.installable(kind).find((part) => part.name === name);
    if (missing) {
      return new GanError(kind === 'backend' ? 'backend' : 'config', 'GAN_NOT_INSTALLED', `The ${kindLabel(kind)} '${name}' is not installed.`, {
        suggestions: [missing.fix, `There are: ${this.names(kind).join(', ')}.`],
      });
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
    const broken = (reason: string, cause?: unknown) =>
      new GanError(part.kind === 'backend' ? 'backend' : 'config', 'GAN_PLUGIN_BROKEN',
        `The ${kindLabel(part.kind)} '${part.name}' of ${part.package} cannot be used: ${reason}.`,
        {suggestions: [`It is declared in the package.json of ${part.package} as ${part.file}.`], ...(cause === undefined ? {} : {cause})});
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
      throw broken(error instanceof Error ? error.message : String(error), error);
    }
  }

  /** The API object for one part; what its kind functions return is noted in `made`. */
  #gan(made: Map<unknown, PartKind>): Gan {
    const {tensors} = this;
    const define = Object.fromEntries(kindNames.map((kind) => [kind, <T>(definition: T): T => {
      made.set(definition, kind);
      return definition;
    }])) as Pick<Gan, PartKind>;
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
