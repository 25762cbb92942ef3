import {publicAddress} from '../../address.js';
import {resumeFrom} from '../../gan/checkpoint.js';
import type {Registry} from '../../plugin/registry.js';
import type {DeviceOptions} from '../devices/open-backend.js';
import {changeRates} from '../learning-rates.js';
import {openTraining, type Training} from '../open-training.js';
import {stopAt} from '../run-callbacks.js';
import type {Order, Ranks} from './ranks.js';

export interface FollowOptions extends Pick<DeviceOptions, 'device' | 'deviceName'> {
  registry: Registry;
  /** Aborted, with an exit code as the reason: all ranks finish the step, and rank 0 writes a checkpoint. */
  signal?: AbortSignal;
}

/**
 * What the ranks but the first do: they train as rank 0 says until it says that the work is done, and write nothing.
 * @returns the exit code of rank 0
 * @throws GanError of this rank, or of another one
 */
export async function follow(ranks: Ranks, {registry, signal, ...device}: FollowOptions): Promise<number> {
  for (;;) {
    const order = await ranks.order();
    if (order.do === 'end') return order.exitCode;
    const {config, address, backend, checkpoint, autoBatchSize = false} = order;
    if (address !== undefined) publicAddress(address); // remembers its keys
    const training = await openTraining(config, {
      registry,
      backend,
      ranks,
      autoBatchSize,
      ...device,
      ...(checkpoint && {checkpoint}),
    });
    try {
      await training.explained(trainAlong(training, order, signal));
    } finally {
      await training.close();
    }
  }
}

/** The training of a rank that writes nothing. */
async function trainAlong(
  {config, learn, callbacks, steps, epochs, checkpoint}: Training,
  {before = config}: Extract<Order, {do: 'train'}>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const history of [learn.recorder!, learn.ganTrainer]) history.keepsSteps = false;
  const goOn = checkpoint && resumeFrom(learn, checkpoint, {otherSeed: config.attempt > 0});
  const cbs = [...callbacks, changeRates(config, checkpoint, before), stopAt(steps, signal)];
  await learn.fit(epochs, undefined, {cbs, steps, ...(config.wd !== undefined && {wd: config.wd}), ...goOn});
}
