import os from 'node:os';
import type {Gan} from 'gankit/plugin';

/** Something for `gan doctor` to look at: quick, and without tfjs. */
export default ({check, opt}: Gan) =>
  check({
    name: 'load',
    summary: 'Checks whether other programs keep the processor busy.',
    options: {limit: opt.num(0.5, {min: 0, help: 'number of busy processes per core that is still fine'})},
    create:
      ({limit}) =>
      () => {
        const [load = 0] = os.loadavg(); // always 0 on Windows
        const busy = load / os.availableParallelism();
        const what = `${busy.toFixed(1)} busy processes a core in the last minute`;
        return [
          busy > limit
            ? {name: 'load', state: 'warning', what, fix: 'wait, or end other programs: training will be slow'}
            : {name: 'load', state: 'ok', what},
        ];
      },
  });
