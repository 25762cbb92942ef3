// The half of bench/pytorch.mjs that trains with this project; a process of its own, so that its memory can be told
// apart.
//
//     node own.mjs '{"work": WORK, "size": SIZE, "batch": BATCH, "threads": N, "backend": NAME, "isa": ISA, "precision": PRECISION}'
import {startGanCritic} from '../training/gan-critic.mjs';
import {startResnet} from '../training/resnet.mjs';
import {startWgan} from '../training/wgan.mjs';

const {work: name, ...options} = JSON.parse(process.argv[2]);
const work = await {wgan: startWgan, 'gan-critic': startGanCritic, resnet: startResnet}[name](options);
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
