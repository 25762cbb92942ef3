import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import type {Gan} from 'gankit/plugin';

/** Milliseconds for MPI to start in a process of its own. */
const patienceMs = 20_000;

interface Found {
  library: string;
  file: string;
  threadLevel: string;
  ranks: number;
  /** Whether it takes memory of a GPU. */
  gpu: boolean;
}

/** Which MPI library is used, and whether it starts: in a process of its own, which some end where they cannot. */
export default ({check}: Gan) =>
  check({
    name: 'mpi',
    summary: 'Checks which MPI library there is for training with several ranks, and whether it starts.',
    create: () => async () => {
      const child = fileURLToPath(new URL('../dist/check-child.js', import.meta.url));
      const name = 'mpi';
      const fix =
        'for training with several ranks: apt install openmpi-bin, or mpich (Debian); GAN_MPI_LIBRARY=FILE names a library';
      try {
        const {stdout} = await promisify(execFile)(process.execPath, [child], {timeout: patienceMs});
        const told = JSON.parse(stdout.trim().split('\n').at(-1)!) as Found | {problem: string};
        if ('problem' in told) return [{name, state: 'warning', what: told.problem, fix}];
        const gpu = `takes memory of ${told.gpu ? 'GPUs (CUDA) and of the host' : 'the host only, not of GPUs'}`;
        const here = `${told.ranks === 1 ? 'one rank' : `${told.ranks} ranks`} here`;
        const what = `${told.library} (${told.file}), thread level ${told.threadLevel}, ${gpu}, ${here}`;
        return [{name, state: 'ok', what}];
      } catch (error) {
        const why = (error as {stderr?: string}).stderr?.trim().split('\n').at(-1) ?? String(error);
        return [{name, state: 'warning', what: `the MPI library does not start: ${why}`, fix}];
      }
    },
  });
