import type {Finding, Probe} from '../../backends/device.js';
import type {PartKind} from '../../options/kinds.js';
import type {OptionSpecs} from '../../options/options.js';
import type {Recipe} from '../index.js';
import type {DeclaredPart, PackageInfo} from '../manifest.js';
import type {Answer} from './run-apart.js';

/** What a part says of itself. */
export interface PartFacts {
  summary: string;
  options?: OptionSpecs;
  /** Of a backend. */
  priority?: number;
  needsGpu?: boolean;
  /** Of a plug-in's recipe: what it sets. */
  recipe?: Recipe;
}

export interface PartOrder {
  task: 'describe' | 'check' | 'probe' | 'diagnose';
  kind: PartKind;
  name: string;
  cwd?: string;
}

/**
 * The parts of plug-ins, asked in a process of their own: for listings and `gan doctor`, which have to work whatever is
 * installed.
 */
export class PartsApart {
  readonly #packages: readonly PackageInfo[];
  readonly #parts: readonly DeclaredPart[];
  readonly #described = new Map<boolean, Promise<Map<DeclaredPart, Answer<PartFacts>>>>();

  constructor(packages: readonly PackageInfo[], parts: readonly DeclaredPart[]) {
    this.#packages = packages;
    this.#parts = parts;
  }

  /** What a part says of itself. All backends, which a training may look through, are asked at once, and all others. */
  async describe(part: DeclaredPart): Promise<Answer<PartFacts>> {
    const isBackend = part.kind === 'backend';
    let described = this.#described.get(isBackend);
    if (!described) this.#described.set(isBackend, (described = this.#describeAll(isBackend)));
    return (await described).get(part)!;
  }

  async #describeAll(backends: boolean): Promise<Map<DeclaredPart, Answer<PartFacts>>> {
    const parts = this.#parts.filter(({kind}) => (kind === 'backend') === backends);
    const answers = await this.#ask<PartFacts>(parts.map((each) => order('describe', each)));
    return new Map(parts.map((part, i) => [part, answers[i]!]));
  }

  /**
   * What a check of `gan doctor` finds, or what a backend says of this machine.
   * @param cwd for a check: where runs would be made
   */
  async ask<T extends Finding[] | Probe>(task: PartOrder['task'], part: DeclaredPart, cwd = ''): Promise<Answer<T>> {
    const [answer] = await this.#ask<T>([{...order(task, part), cwd}]);
    return answer!;
  }

  async #ask<T>(orders: readonly PartOrder[]): Promise<Answer<T>[]> {
    const {runApart} = await import('./run-apart.js');
    return runApart<T>(new URL('./parts.js', import.meta.url), this.#packages, orders);
  }
}

/** Its name with that of its package means this part, whatever the others are called. */
const order = (task: PartOrder['task'], {kind, name, package: from}: DeclaredPart): PartOrder => ({
  task,
  kind,
  name: `${from}:${name}`,
});
