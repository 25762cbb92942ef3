import type {Callback} from '../gan/callback.js';
import type {Learner} from '../gan/learner.js';
import {isBetter, type NamedImageMetric} from '../gan/metrics/image-metrics.js';
import type {RunConfig} from '../options/run-config.js';
import {parseStopWhen, type FindingName, type StopCondition} from '../options/stop-when.js';
import type {MetricsLog} from './metrics-log.js';
import type {WriteCheckpoint} from './save-at-fault.js';
import type {Watch} from './watch/watch.js';

/** Why a run ended early. */
export interface Stopped {
  /** The finding, `plateau` or `target`. */
  by: FindingName | 'plateau' | 'target';
  /** In words. */
  why: string;
  /** For a finding: the step of the first look that showed it. */
  since?: number;
}

/** What a plateau is measured from: the best value so far, and the epochs since. */
interface Plateau {
  best: number;
  step: number;
  epochs: number;
}

export interface StopWhen {
  readonly callbacks: Callback[];
  /** Set when the run was ended. */
  readonly stopped: Stopped | undefined;
}

interface StopTools {
  metrics: readonly NamedImageMetric[];
  watch: Watch;
  log: MetricsLog;
  /** Writes a checkpoint of now, unless there is one. */
  write: WriteCheckpoint;
}

/**
 * Ends a fit early: at findings of the watch after the batch that showed them, at plateaus and targets after the epoch
 * that measured them. A run that is resumed after a finding goes on until there is a new one.
 */
export function stopWhen(config: RunConfig, {metrics, watch, log, write}: StopTools): StopWhen {
  const conditions = conditionsOf(config);
  const plateaus = new Map<string, Plateau>();
  let stopped: Stopped | undefined;
  let atEnd: Stopped | undefined;

  const stop = async (learn: Learner, because: Stopped): Promise<void> => {
    stopped = because;
    await log.add({step: learn.step, epoch: learn.epoch, stopped: because.why});
    learn.stop(because.why);
  };
  const seen = (name: FindingName): Stopped | undefined => {
    const finding = watch.news.find((each) => each.name === name && each.state === 'seen');
    return finding && {by: name, why: `${finding.what}: ${finding.measured}`, since: finding.since};
  };
  const measured = (condition: StopCondition, learn: Learner): Stopped | undefined => {
    if (condition.type === 'finding') return undefined;
    const metric = condition.metric ?? config.keepBest ?? metrics[0]!.name;
    const {columns, rows} = learn.recorder!;
    const value = rows.at(-1)?.values[columns.indexOf(metric) - 1] ?? NaN;
    if (condition.type === 'target') {
      const {sign, value: wanted} = condition;
      return (sign === '<' ? value < wanted : value > wanted)
        ? {by: 'target', why: `${metric} is ${value}, which is ${sign} ${wanted}`}
        : undefined;
    }
    const better = metrics.find(({name}) => name === metric)?.better ?? 'lower';
    const before = plateaus.get(metric);
    if (!Number.isFinite(value) && !before) return undefined;
    const improved = Number.isFinite(value) && (!before || isBetter(better, value, before.best));
    const now: Plateau = improved
      ? {best: value, step: learn.step, epochs: 0}
      : {...before!, epochs: before!.epochs + 1};
    plateaus.set(metric, now);
    return now.epochs >= config.patience
      ? {
          by: 'plateau',
          why: `${metric} has not been better than ${now.best}, at step ${now.step}, for ${now.epochs} epochs`,
        }
      : undefined;
  };

  const judge: Callback = {
    name: 'stop-when',
    runAfter: ['watch', 'image-metrics'],
    runBefore: ['stop-at', 'write-checkpoints', 'keep-best'],
    async afterBatch(learn) {
      if (!learn.training || learn.step >= learn.nStep) return;
      for (const condition of conditions) {
        const because = condition.type === 'finding' ? seen(condition.name) : undefined;
        if (because) return stop(learn, because);
      }
    },
    afterEpoch(learn) {
      if (learn.stopReason !== undefined) return; // it has not ended
      const all = conditions.map((condition) => measured(condition, learn));
      atEnd = learn.epoch === learn.nEpoch - 1 ? undefined : all.find((because) => because !== undefined);
    },
    save: () => [...plateaus],
    load(state) {
      for (const [metric, plateau] of state as [string, Plateau][]) plateaus.set(metric, plateau);
    },
  };
  const end: Callback = {
    name: 'stop-when-measured',
    runAfter: ['stop-when', 'log-metrics', 'tensorboard', 'keep-best', 'report-progress'],
    async afterEpoch(learn) {
      if (!atEnd || learn.stopReason !== undefined) return;
      await write(learn, {epoch: learn.epoch + 1, batch: 0, step: learn.step});
      await stop(learn, atEnd);
    },
  };
  return {
    callbacks: conditions.length > 0 ? [judge, end] : [],
    get stopped() {
      return stopped;
    },
  };
}

/** Retries need to know when the training goes wrong. */
function conditionsOf({stopWhen: text = '', retries, watchEvery}: RunConfig): StopCondition[] {
  const given = parseStopWhen(text);
  const needed = retries > 0 && watchEvery > 0 ? (['diverged', 'collapse'] as const) : [];
  return [...given, ...needed.map((name) => ({type: 'finding', name}) as const)];
}
