import type {RunParts} from '../config/parts.js';
import type {Checkpoint} from '../gan/checkpoint.js';
import type {RunConfig} from '../options/run-config.js';

/** Smaller changes from step to step are what schedules do. */
const least = 0.1;

/**
 * What the learning rate does when a run goes on with more or fewer steps than its schedule went by before, in one
 * line; undefined when it changes by less than a tenth.
 * @param before steps that were wanted until now, where they are known
 */
export function scheduleJump(
  {lr, schedule: choice}: Pick<RunConfig, 'lr' | 'schedule'>,
  {schedule}: Pick<RunParts, 'schedule'>,
  {position: {step}, optimizer}: Pick<Checkpoint, 'position' | 'optimizer'>,
  {steps, before}: {steps: number; before: number | undefined},
): string | undefined {
  const last = optimizer?.hypers[0]?.lr; // the schedule has set it
  if (!schedule || last === undefined || step === 0 || step >= steps || before === steps) return undefined;
  const rateAt = (at: number): number => lr * schedule({step: at, steps, position: at / steps});
  const next = rateAt(step);
  if (Math.abs(next - last) <= least * Math.max(next, last)) return undefined;
  const told = (rate: number): string => String(Number(rate.toPrecision(3)));
  return `The schedule ${choice?.name ?? ''} goes by ${steps} steps now${before === undefined ? '' : `, not by ${before}`}: the learning rate was ${told(last)} at step ${step}, is ${told(next)} at step ${step + 1} and ${told(rateAt(steps - 1))} at the last. --schedule none keeps ${told(last)}; --lr VALUE scales the schedule.`;
}
