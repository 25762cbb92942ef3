import {Session} from 'node:inspector/promises';

/**
 * What the training's thread does for those who watch, by the functions that do it. The first that is on the stack
 * counts.
 */
const concerns = [
  ['pictures in the terminal', /\/dist\/cli\/pictures\//],
  ['line of progress', /\/dist\/cli\/(progress|fit-report|style|time)\.js/],
  ['TensorBoard', /\/dist\/gan\/runs\/(tensorboard|event-file)\.js|\/dist\/gan\/io\/(protobuf|tfrecord|crc32c)\.js/],
  ['sample grids: encode, write', /\/dist\/gan\/data\/(grid|normalize)\.js/],
  ['sample grids: generator', /\/dist\/gan\/gan-learner\.js (generateImages)/],
  ['metrics.jsonl, events', /\/dist\/gan\/runs\/run-callbacks\.js (flush|afterLossRead)/],
];

/**
 * Runs something and counts the milliseconds of this thread by concern.
 * @returns rows [concern, ms], and the ms that the thread was busy
 */
export async function profile(work) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', {interval: 500});
  await session.post('Profiler.start');
  await work();
  const {
    profile: {nodes, samples, timeDeltas},
  } = await session.post('Profiler.stop');
  session.disconnect();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({id, children = []}) => children.map((child) => [child, id])));
  const concernOf = new Map();
  for (const {id} of nodes) {
    const stack = [];
    for (let at = id; at !== undefined; at = parents.get(at)) stack.push(byId.get(at).callFrame);
    const names = stack.map(({url, functionName}) => `${url} ${functionName}`);
    concernOf.set(id, concerns.find(([, pattern]) => names.some((name) => pattern.test(name)))?.[0]);
  }
  const spent = new Map(concerns.map(([name]) => [name, 0]));
  let busy = 0;
  samples.forEach((id, i) => {
    const milliseconds = timeDeltas[i] / 1000;
    if (byId.get(id).callFrame.functionName !== '(idle)') busy += milliseconds;
    const concern = concernOf.get(id);
    if (concern !== undefined) spent.set(concern, spent.get(concern) + milliseconds);
  });
  return {spent: [...spent], busy};
}
