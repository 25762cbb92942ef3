import {GanError} from '../errors.js';
import {didYouMean, nearestFirst} from '../options/nearest.js';
import type {Hypers} from './optim/optimizer.js';

/**
 * A number that steers a training and may change between steps: the weight of a penalty, the probability of an
 * augmentation.
 */
export interface Hyperparameter {
  get(): number;
  set(value: number): void;
  /** Its value is logged with each step; absent: it is not. */
  readonly logged?: boolean;
}

/** One value, or one for each parameter group that the name covers. */
export type HyperValue = number | readonly number[];

/**
 * The hyperparameters of a training by name.
 *
 * Those of the optimiser are named as in its groups: `lr`, `wd`, `mom`, `sqrMom`, `eps`. Such a name covers all groups;
 * with a network before it, `critic.lr` or `generator.mom`, it covers the groups of that network. Those of others, such
 * as `penalty.r1.weight` and `augment.color.p`, are added with `define`.
 * What a step computes from a hyperparameter must go through a per-step tensor, so that repeated steps see new values.
 */
export class Hyperparameters {
  readonly #optimizer: () => ReadonlyMap<string, readonly Hypers[]>;
  readonly #own = new Map<string, Hyperparameter>();

  /** @param optimizer the optimiser's groups: all under '', and those of each network under its name */
  constructor(optimizer: () => ReadonlyMap<string, readonly Hypers[]>) {
    this.#optimizer = optimizer;
  }

  /** Adds a hyperparameter, or replaces the one of that name. */
  define(name: string, hyperparameter: Hyperparameter): void {
    this.#own.set(name, hyperparameter);
  }

  names(): string[] {
    const optimizer = [...this.#optimizer()].flatMap(([network, groups]) =>
      [...new Set(groups.flatMap((hypers) => Object.keys(hypers)))].map((name) =>
        network === '' ? name : `${network}.${name}`,
      ),
    );
    return [...optimizer, ...this.#own.keys()];
  }

  has(name: string): boolean {
    return this.#own.has(name) || this.#covered(name) !== undefined;
  }

  /**
   * The value; of a name that covers several parameter groups, the first group's.
   * @throws GanError GAN_HYPERPARAMETER when there is none of that name
   */
  get(name: string): number {
    return this.values(name)[0]!;
  }

  /**
   * The value in each parameter group that the name covers; one value where it is not the optimiser's. @throws as `get`
   */
  values(name: string): number[] {
    const own = this.#own.get(name);
    return own ? [own.get()] : this.#need(name).map(({hypers, key}) => hypers[key]!);
  }

  /**
   * @throws GanError GAN_HYPERPARAMETER when there is none of that name, GAN_ARGUMENT when there are more or fewer
   * groups than values
   */
  set(name: string, value: HyperValue): void {
    const own = this.#own.get(name);
    const places = own ? [own] : this.#need(name);
    const values = typeof value === 'number' ? places.map(() => value) : value;
    if (values.length !== places.length)
      throw new GanError(
        'usage',
        'GAN_ARGUMENT',
        `${name}: got ${values.length} values for ${places.length} ${own ? 'hyperparameter' : 'parameter groups'}`,
      );
    if (own) own.set(values[0]!);
    else this.#need(name).forEach(({hypers, key}, i) => (hypers[key] = values[i]!));
  }

  /** Values of those that are to be logged; undefined where there are none. */
  logged(): Record<string, number> | undefined {
    const logged = [...this.#own].filter(([, own]) => own.logged);
    return logged.length === 0 ? undefined : Object.fromEntries(logged.map(([name, own]) => [name, own.get()]));
  }

  /** Values of those that are not the optimiser's, for a checkpoint. */
  save(): Record<string, number> {
    return Object.fromEntries([...this.#own].map(([name, own]) => [name, own.get()]));
  }

  load(saved: Record<string, number>): void {
    for (const [name, value] of Object.entries(saved)) this.#own.get(name)?.set(value);
  }

  /** The optimiser's groups that have this hyperparameter; undefined when none has. */
  #covered(name: string): {hypers: Hypers; key: string}[] | undefined {
    const dot = name.indexOf('.');
    const [network, key] = dot < 0 ? ['', name] : [name.slice(0, dot), name.slice(dot + 1)];
    const groups = (this.#optimizer().get(network) ?? []).filter((hypers) => Object.hasOwn(hypers, key));
    return groups.length === 0 ? undefined : groups.map((hypers) => ({hypers, key}));
  }

  #need(name: string): {hypers: Hypers; key: string}[] {
    const covered = this.#covered(name);
    if (covered) return covered;
    const names = this.names();
    const meant = didYouMean(name, names);
    throw new GanError('config', 'GAN_HYPERPARAMETER', `this training has no hyperparameter '${name}'`, {
      suggestions: [
        ...(meant === undefined ? [] : [`Did you mean '${meant}'?`]),
        `Hyperparameters: ${nearestFirst(name, names).join(', ')}.`,
      ],
    });
  }
}
