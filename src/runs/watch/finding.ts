/** What a watch over a training finds, and what each kind of finding consists of. */
import type {FindingName} from '../../options/stop-when.js';
import type {RunConfig} from '../../options/run-config.js';
import type {Look} from './look.js';
import type {LossLevels} from './loss-levels.js';

/** A finding begins, or is over. */
export interface Finding {
  name: FindingName;
  /** In plain words: 'the generated images are alike'. */
  what: string;
  state: 'seen' | 'over';
  /** Step of the first look that showed it. */
  since: number;
  /** What was measured, for people. */
  measured: string;
  /** Flags of `gan fit` that may help, each to be tried alone; none when it is over. */
  advice: readonly string[];
}

/** Looks that are kept to judge from. */
export const keptLooks = 24;

/** All that findings are judged from. */
export interface Evidence {
  /** The last ones, the newest last. */
  looks: readonly Look[];
  /** The highest that the medians of three looks in a row have been. */
  peak: {diversity: number; nearest: number};
  /** Undefined where the loss does not tell. */
  levels: LossLevels | undefined;
  /** Weights before the first step; undefined when the training went on from a checkpoint that does not have them. */
  start: Look['weights'] | undefined;
  /** Findings that are there now; those that are judged before this one with this look. */
  active: readonly FindingName[];
}

export interface Verdict {
  /** `unclear` neither begins nor ends a finding. */
  state: 'ill' | 'well' | 'unclear';
  measured: string;
}

/** One kind of finding. */
export interface FindingKind {
  readonly name: FindingName;
  /** In plain words. */
  readonly what: string;
  /** Looks in a row that have to be `ill` for it to begin, and `well` for it to be over. */
  readonly begins: number;
  readonly ends: number;
  /** @param evidence with one look at least */
  judge(evidence: Evidence): Verdict;
  advise(config: RunConfig): string[];
}
