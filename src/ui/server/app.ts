import {Hono, type Context} from 'hono';
import {streamSSE} from 'hono/streaming';
import type {About, BackendChoice, Directions} from '../protocol.js';
import type {Assets} from './assets.js';
import {RunCurves} from './curves.js';
import {checkDirectionsOrder, checkOrder} from './draw-order.js';
import {watch} from './events.js';
import type {Explorer} from './explorer.js';
import {Refused, securityHeaders} from './guard.js';
import {configuredFolder, drawableFolder, readDetail, realFile, RunList, sampleFile} from './run-list.js';
import type {RunsRoot} from './runs-root.js';

/** Pages that watch at a time, and runs that each of them watches. */
const maxStreams = 32;
const maxWatched = 12;
/**
 * Runs whose curves are kept, so that a page that looks elsewhere and comes back does not wait; each has some 100 kB a
 * curve.
 */
const keptCurves = 24;
const maxPictureBytes = 1 << 26;
/** Directions, and grids of real images that no file holds, that are kept. */
const keptAnswers = 24;

export interface AppOptions {
  root: RunsRoot;
  assets: Assets;
  explorer: Explorer;
  about: About;
  /** Asked once, when the first page wants to draw. */
  backends(): Promise<BackendChoice[]>;
}

/** All that is answered, after the guard let a request through. */
export function makeApp({root, assets, explorer, about, backends}: AppOptions): Hono {
  const app = new Hono();
  const list = new RunList(root);
  const curvesOf = recentCurves(root);
  const directionsOf = remembered<Directions>();
  const realOf = remembered<Uint8Array>();
  let streams = 0;
  let choices: Promise<BackendChoice[]> | undefined;

  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) c.header(name, value);
  });
  app.onError((error, c) =>
    error instanceof Refused
      ? c.json({error: error.message}, error.status)
      : c.json({error: `internal: ${error.message}`}, 500),
  );
  app.notFound((c) => c.json({error: 'there is nothing at this address'}, 404));

  for (const [address, {bytes, type}] of assets) app.get(address, (c) => c.body(bytes, 200, {'content-type': type}));
  app.get('/api/about', (c) => c.json(about));
  app.get('/api/runs', async (c) => c.json(await list.read()));
  app.get('/api/run', async (c) => {
    const detail = await readDetail(root, asked(c, 'run'));
    if (!detail) throw new Refused(404, 'there is no such run');
    return c.json(detail);
  });
  app.get('/api/sample', async (c) => {
    const step = asked(c, 'step');
    const bytes = /^\d{1,15}$/.test(step)
      ? await root.read(maxPictureBytes, asked(c, 'run'), ...sampleFile(Number(step)))
      : undefined;
    if (!bytes) throw new Refused(404, 'there is no such sample grid');
    return c.body(new Uint8Array(bytes), 200, {'content-type': 'image/png'});
  });
  app.get('/api/real', async (c) => {
    const run = asked(c, 'run');
    const kept = await root.read(maxPictureBytes, run, realFile);
    if (kept) return c.body(new Uint8Array(kept), 200, {'content-type': 'image/png'});
    const dir = await configuredFolder(root, run);
    if (dir === undefined) throw new Refused(404, 'there is no such run');
    const files = c.req.query('files') === 'yes';
    const drawn = realOf(`${files} ${dir}`, () => explorer.real({dir, files}));
    const png = files ? await drawn : await drawn.catch(() => undefined);
    return png ? c.body(new Uint8Array(png), 200, {'content-type': 'image/png'}) : c.body(null, 204);
  });
  app.get('/api/events', (c) => {
    const names = [...new Set(c.req.queries('run') ?? [])];
    if (names.length > maxWatched) throw new Refused(400, `${maxWatched} runs can be watched at a time`);
    if (streams >= maxStreams) throw new Refused(503, `${maxStreams} pages are watching already`);
    streams++;
    const gone = new AbortController();
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => gone.abort());
      try {
        for await (const news of watch(names, {root, list, curvesOf}, gone.signal)) {
          if (news) await stream.writeSSE({event: news.event, data: JSON.stringify(news.data)});
          else await stream.write(': still here\n\n');
        }
      } finally {
        streams--;
      }
    });
  });
  app.get('/api/backends', async (c) => c.json(await (choices ??= backends())));
  /** The checkpoint that an order names. */
  const checkpointOf = async (order: {run: string; step?: number}) => {
    const folder = await drawableFolder(root, order.run, order.step);
    if (folder) return folder;
    const {step} = order;
    throw new Refused(
      409,
      step === undefined ? 'the run has no checkpoint yet' : `the run has no checkpoint of step ${step}`,
    );
  };
  app.post('/api/draw', async (c) => {
    const {optional, backend, latents, classes, ...wanted} = checkOrder(await jsonBody(c));
    return orRefusal(c, optional, async () => {
      const png = await explorer.draw({
        ...(await checkpointOf(wanted)),
        backend,
        latents,
        ...(classes && {classes}),
      });
      return png ? c.body(new Uint8Array(png), 200, {'content-type': 'image/png'}) : c.body(null, 204);
    });
  });
  app.post('/api/directions', async (c) => {
    const {optional, backend, ...wanted} = checkDirectionsOrder(await jsonBody(c));
    return orRefusal(c, optional, async () => {
      const checkpoint = await checkpointOf(wanted);
      const key = `${checkpoint.step} ${checkpoint.dir}`;
      const found = await directionsOf(key, () => explorer.directions({...checkpoint, backend}));
      return found ? c.json(found) : c.body(null, 204);
    });
  });
  return app;
}

function asked(c: Context, name: string): string {
  const value = c.req.query(name);
  if (value === undefined) throw new Refused(400, `${name}= is missing`);
  return value;
}

/** An answer; of an optional one, what refuses it is an answer as well. */
async function orRefusal(
  c: Context,
  optional: boolean | undefined,
  answer: () => Promise<Response>,
): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    if (optional && error instanceof Refused) return c.json({error: error.message});
    throw error;
  }
}

function jsonBody(c: Context): Promise<string> {
  if (!/^application\/json\b/.test(c.req.header('content-type') ?? ''))
    throw new Refused(415, 'the request must be JSON');
  return c.req.text();
}

/** Answers that take a while, by their keys: who asks meanwhile waits for the same one, and failures are forgotten. */
function remembered<T>(): (key: string, make: () => Promise<T | undefined>) => Promise<T | undefined> {
  const answers = new Map<string, Promise<T | undefined>>();
  return (key, make) => {
    const known = answers.get(key);
    if (known) return known;
    const answer = make().then((value) => {
      if (value === undefined) answers.delete(key);
      return value;
    });
    answer.catch(() => answers.delete(key));
    answers.set(key, answer);
    if (answers.size > keptAnswers) answers.delete(answers.keys().next().value!);
    return answer;
  };
}

function recentCurves(root: RunsRoot): (name: string) => RunCurves {
  const logs = new Map<string, RunCurves>();
  return (name) => {
    const log = logs.get(name) ?? new RunCurves(root, name);
    logs.delete(name);
    logs.set(name, log); // the last one used comes last
    if (logs.size > keptCurves) logs.delete(logs.keys().next().value!);
    return log;
  };
}
