/** The process that measures one backend: takes orders from `Worker` and answers each. */
import {isGanError} from '../../errors.js';
import type {Order, Reply} from '../types.js';
import {Measurement} from './measurement.js';

let measurement: Measurement | undefined;

async function obey(order: Order): Promise<Reply> {
  if (order.type === 'start') {
    measurement = await Measurement.open(order);
    return measurement.begin();
  }
  if (!measurement) throw new Error('the first request must be a start');
  return order.type === 'round' ? measurement.round() : measurement.end();
}

const oneLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .join(' ');

function failure(error: unknown): Reply {
  if (!(error instanceof Error)) return {type: 'failed', why: String(error)};
  const [fix] = isGanError(error) ? error.suggestions : [];
  return {type: 'failed', why: oneLine(error.message), ...(fix !== undefined && {fix})};
}

process.on('message', (order: Order) => {
  void obey(order)
    .catch(failure)
    .then((reply) => {
      process.send!(reply, () => {
        if (reply.type === 'ended' || reply.type === 'failed') process.disconnect();
      });
    });
});

// the parent is gone, or all is said: nothing of the device may keep this process
process.on('disconnect', () => process.exit());
