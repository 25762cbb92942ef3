// A rank that adds up more values than one message has, and finds their largest; rank 0 prints how many are wrong.
import {launchedRanks} from '../../../dist/cli/ranks/launched.js';
import {MpiRanks} from '../../../plugins/mpi/dist/ranks.js';

const options = {...launchedRanks(process.env), silenceSeconds: 30};
const ranks = await MpiRanks.begin(options, (failure) => new Error(failure.message));
const counts = [0, 1, 2 ** 20, 3 * 2 ** 20 + 5, 17 * 2 ** 20 + 1];
const own = (i) => (ranks.rank + 1) * (i % 1000);
const wrong = [];
for (const op of ['sum', 'max'])
  for (const count of counts) {
    const values = ranks.memory(count);
    for (let i = 0; i < count; i++) values[i] = own(i);
    const work = ranks.allReduce(values, op);
    work.wait();
    await work.done();
    const factor = op === 'sum' ? (ranks.size * (ranks.size + 1)) / 2 : ranks.size;
    wrong.push(values.filter((value, i) => value !== factor * (i % 1000)).length);
    const {from, to} = work.took();
    if (!(from > 0 && to >= from)) wrong.push('times');
  }
if (ranks.rank === 0) console.log(JSON.stringify(wrong));
await ranks.close();
