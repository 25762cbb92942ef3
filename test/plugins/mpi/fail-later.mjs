// Preloaded into every rank: throws in the rank FAIL_RANK as soon as the file FAIL_SIGN is there.
import {existsSync} from 'node:fs';

const {OMPI_COMM_WORLD_RANK: rank, FAIL_RANK, FAIL_SIGN} = process.env;
if (rank !== undefined && rank === FAIL_RANK) {
  const timer = setInterval(() => {
    if (!existsSync(FAIL_SIGN)) return;
    clearInterval(timer);
    throw new Error('something odd');
  }, 20).unref();
}
