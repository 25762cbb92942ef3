// How much of the exchanges of a trace (GAN_TRACE) was beside kernels, and which: for each exchange of the last
// steps when it began and ended, and the kernels that ran meanwhile.
//
//   GAN_TRACE=trace.json gan fit builtin:shapes --ranks 2 --steps 24 ...; node bench/trace-overlap.mjs trace.json [LAST]
import {readFileSync} from 'node:fs';

const [file, last = '8'] = process.argv.slice(2);
const {traceEvents} = JSON.parse(readFileSync(file, 'utf8'));
const spans = traceEvents.filter(({ph}) => ph === 'X').map((each) => ({...each, end: each.ts + each.dur}));
const exchanges = spans.filter(({tid}) => tid === 2).slice(-Number(last));
const kernels = spans.filter(({tid, name}) => tid === 1 && !name.startsWith('AllReduce'));
const isGradient = ({name}) => /Backprop|Grad/.test(name);
const ms = (us) => `${(us / 1000).toFixed(1)} ms`;
const within = (list, {ts, end}) =>
  list.reduce((sum, kernel) => sum + Math.max(0, Math.min(end, kernel.end) - Math.max(ts, kernel.ts)), 0);

let [all, beside] = [0, 0];
for (const exchange of exchanges) {
  const during = kernels.filter(({ts, end}) => end > exchange.ts && ts < exchange.end);
  const hidden = within(during, exchange);
  all += exchange.dur;
  beside += hidden;
  const backward = during.filter(isGradient).length;
  console.log(
    `${exchange.name}: ${ms(exchange.dur)}, of them ${ms(hidden)} beside ${during.length} kernels (${backward} of the backward pass)`,
  );
}
console.log(`${exchanges.length} exchanges: ${ms(all)}, of them ${((100 * beside) / all).toFixed(0)} % beside kernels`);
