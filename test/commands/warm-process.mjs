// Runs one `gan` command after another in one process, so that modules are loaded once: what bin/run.js does, with the
// working folder, the environment and the arguments of each command. `warm.ts` starts it and reads its output.
import {writeSync} from 'node:fs';
import {inspect} from 'node:util';
import {fileURLToPath, pathToFileURL} from 'node:url';

const [, , program] = process.argv;
const reallyExit = process.exit.bind(process);

/** Thrown in place of ending the process. */
class Exit {
  constructor(code) {
    this.code = code;
  }
}

/** What keeps the process alive, with how often. */
const resources = () => {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
};

/** Kinds of resources of which there are more than before. */
const added = (before) =>
  [...resources()].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind]) => kind);

/** Waits until nothing that was begun is left: a process of its own would end now. */
async function idle(before, patience) {
  for (const end = Date.now() + patience; ;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const left = added(before);
    if (left.length === 0 || Date.now() > end) return left;
  }
}

/** Listeners of these end with a process of its own: oclif, for one, listens for 'drain' once more with each command. */
const emitters = [process, process.stdin, process.stdout, process.stderr];

function listeners() {
  return emitters.map((emitter) => new Map(emitter.eventNames().map((name) => [name, emitter.rawListeners(name)])));
}

function removeNewListeners(before) {
  listeners().forEach((events, i) => {
    for (const [name, now] of events)
      for (const listener of now) if (!before[i].get(name)?.includes(listener)) emitters[i].off(name, listener);
  });
}

let exited;

process.exit = (code) => {
  exited ??= new Exit(code ?? process.exitCode ?? 0);
  throw exited;
};
const write = new Map([process.stdout, process.stderr].map((out) => [out, out.write.bind(out)]));
for (const [out, really] of write)
  out.write = (data, encoding, done = encoding) => {
    if (!exited) return really(data, encoding, done);
    if (typeof done === 'function') process.nextTick(done); // whoever caught the Exit would be gone by now
    return true;
  };
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error) => {
    if (error instanceof Exit) return;
    writeSync(2, `${inspect(error)}\n`);
    reallyExit(1);
  });
process.on('disconnect', () => reallyExit());

process.on('message', async ({args, cwd, env, mark}) => {
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv = [process.execPath, program, ...args];
  process.exitCode = undefined;
  exited = undefined;
  const [handlers, before] = [listeners(), resources()];
  try {
    const {main} = await import(new URL('../dist/cli/command/main.js', pathToFileURL(program)));
    await main(args, fileURLToPath(new URL('..', pathToFileURL(program))));
  } catch (error) {
    if (!(error instanceof Exit)) throw error; // ends this process, as it would end one of its own
  }
  const left = await idle(before, exited ? 0 : 10_000);
  removeNewListeners(handlers);
  const code = Number(exited?.code ?? process.exitCode ?? 0);
  process.chdir('/');
  await Promise.all([...write.values()].map((really) => new Promise((done) => really(mark, done))));
  // after process.exit things may go on here that would have ended with the process: another one takes over
  process.send({code, left: exited ? [] : left, last: exited !== undefined && left.length > 0});
});
process.send('ready');
