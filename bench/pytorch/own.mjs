// The half of bench/pytorch.mjs that trains with this project; a process of its own, so that its memory can be told
// apart.
//
//     node own.mjs WORK SIZE BATCH THREADS BACKEND
import {startGanCritic} from '../training/gan-critic.mjs';
import {startWgan} from '../training/wgan.mjs';

const [name] = process.argv.slice(2);
const [size, batch, threads] = process.argv.slice(3, 6).map(Number);
const backend = process.argv[6];
const work = await {wgan: startWgan, 'gan-critic': startGanCritic}[name]({size, batch, threads, backend});
process.on('message', async (what) => {
  if (what === 'close') {
    await work.close();
    process.disconnect();
    return;
  }
  const times = await work.train(1);
  process.send({times, peakBytes: process.resourceUsage().maxRSS * 1024});
});
process.send(work.device.info);
