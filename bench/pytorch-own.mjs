// The half of bench/pytorch.mjs that trains with this project; a process of its own, so that its memory can be told apart.
import {startWgan} from './wgan.mjs';

const [size, batch, threads] = process.argv.slice(2).map(Number);
const wgan = await startWgan({size, batch, threads});
process.on('message', async (what) => {
  if (what === 'close') {
    await wgan.close();
    process.disconnect();
    return;
  }
  const times = await wgan.train(1);
  const ms = (network) => times.filter((one) => one.network === network).map((one) => one.ms);
  process.send({ms: {critic: ms('critic'), generator: ms('generator')}, peakBytes: process.resourceUsage().maxRSS * 1024});
});
process.send('ready');
