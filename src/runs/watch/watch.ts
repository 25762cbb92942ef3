import type {Callback} from '../../gan/callback.js';
import type {GANLearner} from '../../gan/gan-learner.js';
import type {LossRead} from '../../gan/learner.js';
import type {RunConfig} from '../../options/run-config.js';
import type {FindingName} from '../../options/stop-when.js';
import type {MetricsLog} from '../metrics-log.js';
import type {TrainEvent} from '../train-event.js';
import {keptLooks, type Evidence, type Finding, type FindingKind} from './finding.js';
import {findingKinds} from './kinds.js';
import {Looker, type Look, type Losses} from './look.js';
import {lossLevels} from './loss-levels.js';
import {median} from './statistics.js';

/** How a kind of finding stands. */
interface Standing {
  active: boolean;
  /** Looks in a row that speak for a change. */
  inRow: number;
  /** Step of the first of the looks that showed it. */
  since: number;
}

/** Everything that has to be the same when a run goes on, as JSON. */
interface WatchState {
  looks: readonly Look[];
  peak: Evidence['peak'];
  /** Losses of the steps since the last look. */
  losses: {critic: number[]; generator: number[]};
  start: Look['weights'] | null;
  findings: Record<string, Standing>;
}

/** Judges one look after the other: a kind of finding begins, and is over, when several looks in a row say so. */
export class Judge {
  looks: readonly Look[] = [];
  peak: Evidence['peak'] = {diversity: 0, nearest: 0};
  findings: Partial<Record<FindingName, Standing>> = {};
  levels: Evidence['levels'];
  start: Evidence['start'];
  readonly #config: RunConfig;

  constructor(config: RunConfig) {
    this.#config = config;
  }

  /** Returns the findings that begin with this look, and those that are over. */
  add(look: Look): Finding[] {
    this.looks = [...this.looks, look].slice(-keptLooks);
    const lastThree = this.looks.slice(-3);
    if (lastThree.length === 3)
      this.peak = {
        diversity: Math.max(this.peak.diversity, median(lastThree.map(({diversity}) => diversity))),
        nearest: Math.max(this.peak.nearest, median(lastThree.map(({nearest}) => nearest))),
      };
    return findingKinds.flatMap((kind) => this.#judge(kind, look.step) ?? []);
  }

  #judge({name, what, begins, ends, judge, advise}: FindingKind, step: number): Finding | undefined {
    const {looks, peak, levels, start} = this;
    const active = findingKinds.flatMap((kind) => (this.findings[kind.name]?.active ? [kind.name] : []));
    const {state, measured} = judge({looks, peak, levels, start, active});
    const before = this.findings[name] ?? {active: false, inRow: 0, since: 0};
    const speaks = state === (before.active ? 'well' : 'ill');
    const now = {...before, inRow: speaks ? before.inRow + 1 : 0};
    if (!now.active && now.inRow === 1) now.since = step;
    this.findings[name] = now;
    if (now.inRow < (now.active ? ends : begins)) return undefined;
    now.active = !now.active;
    now.inRow = 0;
    const {since} = now;
    return now.active
      ? {name, what, state: 'seen', since, measured, advice: advise(this.#config)}
      : {name, what, state: 'over', since, measured, advice: []};
  }
}

export interface Watch extends Callback {
  /** Findings that began or were over at the last step. */
  readonly news: readonly Finding[];
}

/**
 * Watches a training: looks at both networks every `watchEvery` steps, logs what it measured, and tells what it finds.
 * A look changes nothing of the training.
 */
export function watchTraining(
  learn: GANLearner,
  config: RunConfig,
  log: MetricsLog,
  notify: (event: TrainEvent) => void,
  measuredNumbers?: (step: number, numbers: Readonly<Record<string, number>>) => void,
): Watch {
  const {watchEvery} = config;
  const judge = new Judge(config);
  const looker = new Looker(learn);
  let losses: Record<'critic' | 'generator', number[]> = {critic: [], generator: []};
  let news: readonly Finding[] = [];
  let canLook = false;

  const note = ({value, terms, training, turn}: LossRead): void => {
    if (training && turn) losses[turn].push(terms?.['adversarial'] ?? value);
  };
  const look = async (step: number, epoch: number): Promise<void> => {
    await learn.readLosses();
    const {critic, generator} = losses;
    losses = {critic: [], generator: []};
    const measured = {
      step,
      ...(await looker.look()),
      ...(critic.length > 0 && {critic: summary(critic)}),
      ...(generator.length > 0 && {generator: summary(generator)}),
    };
    if (!isFinite(measured)) return; // alike real images, or the run ends by itself
    const numbers = logged(measured);
    await log.add({step, epoch, watch: numbers});
    measuredNumbers?.(step, numbers);
    news = judge.add(measured);
    for (const finding of news) {
      await log.add({step, epoch, finding});
      notify({type: 'finding', step, ...finding});
    }
  };

  return {
    name: 'watch',
    runAfter: ['recorder', 'switcher', 'average-weights'],
    runBefore: ['draw-samples', 'stop-at', 'write-checkpoints'],
    get news() {
      return news;
    },
    async beforeFit() {
      if (watchEvery === 0) return;
      canLook = await looker.begin();
      judge.levels = await lossLevels(learn.ganLoss.loss);
    },
    async beforeBatch({training, step}) {
      if (canLook && training && step === 0) judge.start ??= await looker.weights();
    },
    afterLossRead({lastLoss}) {
      if (canLook) note(lastLoss!);
    },
    async afterBatch({training, step, epoch}) {
      if (!training) return;
      news = [];
      if (canLook && step % watchEvery === 0) await look(step, epoch);
    },
    save: (): WatchState => ({
      looks: judge.looks,
      peak: judge.peak,
      losses,
      start: judge.start ?? null,
      findings: judge.findings,
    }),
    load(state) {
      const saved = state as WatchState;
      judge.looks = saved.looks;
      judge.peak = saved.peak;
      judge.findings = structuredClone(saved.findings);
      judge.start = saved.start ?? undefined;
      losses = {critic: [...saved.losses.critic], generator: [...saved.losses.generator]};
    },
  };
}

const summary = (values: readonly number[]): Losses => {
  const middle = median(values);
  return {count: values.length, median: middle, spread: median(values.map((value) => Math.abs(value - middle)))};
};

/** The numbers of a look that the log has, which are drawn as curves. */
function logged({diversity, scores: {real, fake, heldOut, realAbove}}: Look): Record<string, number> {
  const share = heldOut === undefined ? NaN : (real - heldOut) / (real - fake);
  return {
    diversity,
    separation: Math.max(realAbove, 1 - realAbove),
    ...(Number.isFinite(share) && {overfitting: share}),
  };
}

const isFinite = (value: object | number): boolean =>
  typeof value === 'number' ? Number.isFinite(value) : Object.values(value).every(isFinite);
