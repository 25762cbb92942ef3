import type {Gan} from 'gankit/plugin';

/**
 * Handlers of the training's events; docs/plugins.md lists them. What must survive a stop goes through `save` and
 * `load`.
 */
export default ({callback, opt}: Gan) =>
  callback({
    name: 'stop-below',
    summary: 'Ends the training when the loss has been low for long enough.',
    options: {
      loss: opt.num(0, {help: 'what counts as low'}),
      patience: opt.int(50, {min: 1, help: 'number of steps in a row'}),
    },
    create({loss, patience}) {
      let run = 0;
      return {
        runAfter: ['recorder'],
        runBefore: ['write-checkpoints'], // so that a checkpoint has what this one knows
        afterLossRead({lastLoss, stop}) {
          if (!lastLoss!.training) return;
          run = lastLoss!.value < loss ? run + 1 : 0;
          if (run >= patience) stop(`the loss was below ${loss} for ${patience} steps`);
        },
        save: () => ({run}),
        load: (state) => ({run} = state as {run: number}),
      };
    },
  });
