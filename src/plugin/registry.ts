import {existsSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import type {Operation} from '../backends/operation.js';
import type {Tensor} from '../backends/tf.js';
import type {Finding, Probe} from '../backends/device.js';
import {GanError, isGanError, messageOf, type ErrorKind} from '../errors.js';
import {apiVersion, type Definition, type Gan, type PartDefinition, type PartKind, type PartKinds} from './index.js';
import {PartsApart, type PartFacts} from './apart/parts-apart.js';
import type {Answer} from './apart/run-apart.js';
import {definitionFault} from './definition-check.js';
import {systemLimits} from '../system-limits.js';
import {installable, type InstallablePart} from './installable.js';
import {blame, guard} from './guard.js';
import {knowPlugin} from './culprit.js';
import {settle} from './settle.js';
import {isPromise} from './values.js';
import {partFault} from './contracts.js';
import {kindLabel, kindNames, partKinds} from '../options/kinds.js';
import {readManifest, type DeclaredPart, type PackageInfo, type PluginProblem} from './manifest.js';
import {isCalled} from './names.js';
import {didYouMean, nearestFirst} from '../options/nearest.js';
import {checkOptions, type GivenMap} from '../options/options-check.js';
import {opt} from '../options/options.js';
import {Lazy, NotLoaded, type TensorApi} from './lazy.js';

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
      suggestions: [`gan plugins install ${owner}`, 'gan parts   lists all parts'],
    },
  );
}

const kindOfFault = (kind: PartKind): ErrorKind => (kind === 'backend' ? 'backend' : 'config');

function brokenPart(part: DeclaredPart, reason: string, cause?: unknown): GanError {
  return new GanError(
    kindOfFault(part.kind),
    'GAN_PLUGIN_BROKEN',
    `The ${kindLabel(part.kind)} '${part.name}' of ${part.package} cannot be used: ${reason}.`,
    {
      suggestions: [`It is declared in the package.json of ${part.package} as ${part.file}.`],
      ...(cause === undefined ? {} : {cause}),
    },
  );
}

/** The result of what was asked in another process, which words its own errors. @throws GanError GAN_PLUGIN_BROKEN */
function answered<T>(part: DeclaredPart, answer: Answer<T>): T {
  if ('result' in answer) return answer.result;
  const {fault, died} = answer;
  throw died ? brokenPart(part, fault) : new GanError(kindOfFault(part.kind), 'GAN_PLUGIN_BROKEN', fault);
}

/** What a backend finds in this process; nothing of one that cannot be made, which its probe tells. */
export async function diagnosisOf(registry: Pick<Registry, 'create'>, name: string): Promise<Finding[]> {
  const backend = await registry.create('backend', name).catch(() => undefined);
  return (await backend?.diagnose?.()) ?? [];
}

/** Kinds whose `create` computes nothing: tfjs is not loaded for it. */
const light: ReadonlySet<PartKind> = new Set(['backend', 'switcher', 'schedule', 'source', 'recipe', 'check']);

/** An operation that is defined when it is first used. */
function lazyOperation<Name extends string, Attrs extends object, R extends Tensor | Tensor[]>(
  define: () => Operation<Name, Attrs, R>,
): Operation<Name, Attrs, R> {
  let defined: Operation<Name, Attrs, R> | undefined;
  const operation = () => (defined ??= define());
  return Object.assign((inputs: Record<Name, Tensor>, attrs: Attrs) => operation()(inputs, attrs), {
    hasKernel: () => operation().hasKernel(),
  });
}

/**
 * Everything that can be chosen by name. Names come from package.json files; a part's module is imported when the part
 * is first loaded. Built-in parts go the same way as everybody's.
 */
export class Registry {
  /** Plug-ins, or parts of them, that cannot be used, and why. */
  readonly problems: readonly PluginProblem[];
  /** tfjs, and what is made of it. */
  readonly tensors: Lazy<TensorApi>;
  readonly #exports = new Lazy(async () => ({exports: (await import('../gan/export/tools.js')).exportTools}));
  readonly #data = new Lazy(async () => ({data: await import('../gan/data/built-in.js')}));
  readonly #measures = new Lazy(() => import('../gan/metrics/measures.js'));
  readonly #random = new Lazy(() => import('../gan/rng.js'));
  /** Names of parts that several plug-ins bring, or that a built-in part has, too. */
  readonly clashes: readonly Clash[];
  readonly #packages: readonly PackageInfo[];
  readonly #declared = new Map<string, DeclaredPart[]>();
  readonly #definitions = new Map<DeclaredPart, Promise<Definition<unknown>>>();
  readonly #apart: PartsApart;

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
    this.tensors = new Lazy(importTensors);
    const parts = [...this.#declared.values()].flat().filter(({builtIn}) => !builtIn);
    this.#apart = new PartsApart(
      packages.filter(({builtIn}) => !builtIn),
      parts,
    );
  }

  /**
   * The parts of a kind, from package.json alone, by the names that are to be typed: `gan-plugin-x:name` where `name`
   * is not enough.
   */
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

  /**
   * A part's name that stays right whatever else is installed: its own for built-in parts, `gan-plugin-x:name` for
   * others.
   */
  fullName(kind: PartKind, name: string): string {
    const part = this.#find(kind, name, undefined);
    return part.builtIn ? part.name : qualified(part);
  }

  /** The folder of a package; undefined where it is not installed. */
  rootOf(packageName: string): string | undefined {
    return this.#packages.find(({name}) => name === packageName)?.root;
  }

  /** The version in a package's package.json; undefined where it has none. */
  versionOf(packageName: string): string | undefined {
    const version = this.#packages.find(({name}) => name === packageName)?.pjson['version'];
    return typeof version === 'string' ? version : undefined;
  }

  /** The package that brings a part. @throws GanError as `load` */
  packageOf(kind: PartKind, name: string): string {
    return this.#find(kind, name, undefined).package;
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

  /**
   * Makes a part from option values, which are checked first. Its `create` runs once, with tfjs loaded for the kinds
   * that compute.
   * @param origin where the name came from
   */
  async create<K extends PartKind>(
    kind: K,
    name: string,
    given: GivenMap = new Map(),
    origin?: string,
  ): Promise<PartKinds[K]> {
    const definition = await this.load(kind, name, origin);
    const {values} = checkOptions(`${kindLabel(kind)} ${name}`, definition.options ?? {}, given);
    const declared = this.#find(kind, name, origin);
    await this.#loadFor(kind);
    if (declared.builtIn) return definition.create(values) as PartKinds[K];
    let made: unknown;
    try {
      made = definition.create(values); // a third party's may return a promise
      if (isPromise(made)) made = await settle(made);
    } catch (error) {
      blame(error, declared, 'create');
    }
    const fault = partFault(kind, made);
    if (fault !== undefined) throw brokenPart(declared, fault);
    return guard(made as object, declared) as PartKinds[K];
  }

  /**
   * What a part says of itself, for listings: a plug-in's is asked in a process of its own, so that one that loops or
   * ends its process is listed, too.
   * @throws GanError GAN_PLUGIN_BROKEN with the reason why it cannot be used
   */
  async describe(kind: PartKind, name: string): Promise<PartFacts> {
    const part = this.#find(kind, name, undefined);
    return part.builtIn ? this.load(kind, name) : answered(part, await this.#apart.describe(part));
  }

  /** What a check of `gan doctor` finds, a plug-in's in a process of its own. @throws GanError of a broken plug-in */
  async check(name: string, cwd: string): Promise<Finding[]> {
    return this.#ask('check', 'check', name, async () => (await this.create('check', name))({cwd}), cwd);
  }

  /** What a backend says of this machine; as `check`. */
  async probe(name: string): Promise<Probe> {
    return this.#ask('probe', 'backend', name, async () => (await this.create('backend', name)).probe());
  }

  /** What a backend finds when it looks at the machine for `gan doctor`; as `check`. */
  async diagnose(name: string): Promise<Finding[]> {
    return this.#ask('diagnose', 'backend', name, () => diagnosisOf(this, name));
  }

  async #ask<T extends Finding[] | Probe>(
    task: 'check' | 'probe' | 'diagnose',
    kind: PartKind,
    name: string,
    here: () => Promise<T>,
    cwd?: string,
  ): Promise<T> {
    const part = this.#find(kind, name, undefined);
    return part.builtIn ? here() : answered(part, await this.#apart.ask<T>(task, part, cwd));
  }

  /** Loads what parts of a kind may use in `create`. */
  async #loadFor(kind: PartKind): Promise<void> {
    await this.#random.load();
    if (!light.has(kind)) await this.tensors.load();
    if (kind === 'exporter') await this.#exports.load();
    if (kind === 'source' || kind === 'metric') await this.#data.load();
    if (kind === 'metric') await this.#measures.load();
  }

  /** The package of a part, as configurations name the part; undefined for a built-in one. */
  ownerOf(kind: PartKind, name: string): string | undefined {
    const part = this.#find(kind, name, undefined);
    return part.builtIn ? undefined : part.package;
  }

  #rootOf(part: DeclaredPart): string {
    return this.#packages.find(({name}) => name === part.package)!.root;
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
      `${found.map((part) => part.package).join(' and ')} both have ${partKinds[kind].noun} '${plain}'.`,
      {
        suggestions: [`Write the full name: ${found.map(qualified).join(' or ')}.`],
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
        ...this.problems.map((problem) => `${problem.package} is not used: ${problem.reason}.`),
      ],
    });
  }

  async #import(part: DeclaredPart): Promise<Definition<unknown>> {
    const broken = (reason: string, cause?: unknown) => brokenPart(part, reason, cause);
    if (!part.builtIn) knowPlugin({package: part.package, root: this.#rootOf(part)});
    if (!existsSync(part.file)) throw broken('its file does not exist (is the package built?)');
    try {
      const module = await settle(import(pathToFileURL(part.file).href) as Promise<{default?: unknown}>);
      if (typeof module.default !== 'function') throw broken('its module has no default export that is a function');
      const made = new Map<unknown, PartKind>();
      const declare = module.default as (gan: Gan) => unknown;
      const definition = await this.#declare(() => declare(this.#gan(made)));
      const fault = definitionFault(definition, part, made.get(definition));
      if (fault !== undefined) throw broken(fault);
      return definition as Definition<unknown>;
    } catch (error) {
      if (isGanError(error)) throw error;
      throw broken(messageOf(error), error);
    }
  }

  /**
   * What a part's function returns. It is called again with tfjs loaded when it uses tfjs at once, as in `class Mine
   * extends nn.Module`.
   */
  async #declare(declare: () => unknown): Promise<unknown> {
    try {
      return declare();
    } catch (error) {
      if (!(error instanceof NotLoaded)) throw error;
      await this.tensors.load();
      return declare();
    }
  }

  /** The API object for one part; what its kind functions return is noted in `made`. */
  #gan(made: Map<unknown, PartKind>): Gan {
    const tensors = this.tensors;
    const [exports, data, measures, random] = [this.#exports, this.#data, this.#measures, this.#random];
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
      limits: () => systemLimits(),
      get Rng() {
        return random.get('Rng');
      },
      get tf() {
        return tensors.get('tf');
      },
      get nn() {
        return tensors.get('nn');
      },
      kernels: {register: (...args) => tensors.get('registerKernels')(...args)},
      operation: (definition) => lazyOperation(() => tensors.get('defineOperation')(definition)),
      get exports() {
        return exports.get('exports');
      },
      get data() {
        return data.get('data');
      },
      get measures() {
        return measures.get('measures');
      },
    };
  }
}
