import {endsAtOnce} from '../gan/callback-list.js';
import type {Callback} from '../gan/callback.js';
import {momentOf, type Moment, type Position} from '../gan/checkpoint.js';
import type {Learner} from '../gan/learner.js';
import {saveStreams, type StreamsState} from '../gan/streams.js';

/**
 * Writes a checkpoint of the weights of now; of all else of `moment`, if it is given.
 * @param isLast none comes after it, so it may take the room that is reserved
 */
export type WriteCheckpoint = (learn: Learner, position: Position, moment?: Moment, isLast?: boolean) => Promise<void>;

interface WholeStep {
  position: Position;
  moment?: Moment;
}

/**
 * Saves a training that ends with an error, as it was after its last whole step. It can go on exactly there, with one
 * exception: a step that fails half-way has moved running statistics already. Where it fails while it changes the
 * weights, there is nothing to save. While an epoch ends, callbacks change what they keep, but the weights stay: so
 * what they kept before is noted.
 * @param saved told after which step, and whether the training goes on exactly there
 */
export function saveAtFault(write: WriteCheckpoint, saved: (step: number, isExact: boolean) => void): Callback {
  let whole: WholeStep | undefined;
  /** Of a step that has begun and not ended: the random streams before it. */
  let begun: StreamsState | undefined;
  return {
    name: 'save-at-fault',
    runAfter: ['recorder', 'switcher', 'watch', 'stop-when', 'stop-at', 'write-checkpoints', 'report-progress'],
    beforeBatch({training, policies, streams}) {
      if (training) begun = saveStreams(streams);
      else if (policies.validation !== 'eval') whole = undefined;
    },
    async afterBatch(learn) {
      if (!learn.training) return;
      begun = undefined;
      const {epoch, iter, nIter, step} = learn;
      const position = {epoch, batch: iter + 1, step};
      whole = {position};
      if (iter === nIter - 1) whole = await withMoment(learn, position);
    },
    async failed(learn, error) {
      if (!whole || endsAtOnce(error) || (begun && !learn.weightsAreWhole)) return;
      const {position, moment} = whole;
      if (!moment) while (learn.hasUnreadLosses) await learn.readLosses().catch(() => {}); // each has been told of it
      const streams = begun && {streams: begun};
      await write(learn, position, moment ?? (streams && {...(await momentOf(learn)), ...streams}), true);
      saved(position.step, begun === undefined || learn.model.namedBuffers().length === 0);
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
