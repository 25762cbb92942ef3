import {endsAtOnce} from '../gan/callback-list.js';
import type {Callback} from '../gan/callback.js';
import {momentOf, type Moment, type Position} from '../gan/checkpoint.js';
import type {Learner} from '../gan/learner.js';

/** Writes a checkpoint of the weights of now; of all else of `moment`, if it is given. */
export type WriteCheckpoint = (learn: Learner, position: Position, moment?: Moment) => Promise<void>;

interface WholeStep {
  position: Position;
  moment?: Moment;
}

/**
 * Saves a training that ends with an error, as it was after its last whole step: then nothing is lost, and it can go on
 * exactly there. A step that fails half-way has moved running statistics already, so that there is nothing to save.
 * While an epoch ends, callbacks change what they keep, but the weights stay: so what they kept before is noted.
 * @param saved told after which step
 */
export function saveAtFault(write: WriteCheckpoint, saved: (step: number) => void): Callback {
  let whole: WholeStep | undefined;
  return {
    name: 'save-at-fault',
    runAfter: ['recorder', 'switcher', 'watch', 'stop-when', 'stop-at', 'write-checkpoints', 'report-progress'],
    beforeBatch({training, policies}) {
      if (training || policies.validation !== 'eval') whole = undefined;
    },
    async afterBatch(learn) {
      if (!learn.training) return;
      const {epoch, iter, nIter, step} = learn;
      const position = {epoch, batch: iter + 1, step};
      whole = {position};
      if (iter === nIter - 1) whole = await withMoment(learn, position);
    },
    async failed(learn, error) {
      if (!whole || endsAtOnce(error)) return;
      const {position, moment} = whole;
      if (!moment) while (learn.hasUnreadLosses) await learn.readLosses().catch(() => {}); // each has been told of it
      await write(learn, position, moment);
      saved(position.step);
    },
  };
}

/** Undefined where a callback cannot save what it keeps; an error of that comes when a checkpoint is due. */
async function withMoment(learn: Learner, position: Position): Promise<WholeStep | undefined> {
  await learn.readLosses();
  try {
    return {position, moment: JSON.parse(JSON.stringify(await momentOf(learn))) as Moment};
  } catch {
    return undefined;
  }
}
