/** The process that draws for `gan ui`: holds one backend and one generator, takes one request at a time. */
import {isGanError, messageOf} from '../../errors.js';
import {openRegistry, pluginIn} from '../../plugin/discover.js';
import type {RendererSetup, RenderRequest, RenderReply} from './messages.js';
import {realGridPng} from './real-grid.js';
import {Renderer} from './renderer.js';

const setup = JSON.parse(process.argv[2]!) as RendererSetup;
const registry = openRegistry(setup.packages.map(pluginIn));
let renderer: Promise<Renderer> | undefined;

async function answer(request: RenderRequest): Promise<RenderReply> {
  if (request.kind === 'real') return {png: await realGridPng(registry, request)};
  renderer ??= Renderer.open(registry, setup);
  const opened = await renderer;
  return request.kind === 'draw' ? {png: await opened.render(request)} : {directions: await opened.directions(request)};
}

function failure(error: unknown): RenderReply {
  if (!isGanError(error)) return {error: messageOf(error), broken: true};
  return {
    error: [error.message, ...error.suggestions.slice(0, 1)].join(' - '),
    broken: error.kind === 'backend' || error.code === 'GAN_UNKNOWN_PART',
  };
}

process.on(
  'message',
  (request: RenderRequest) =>
    void answer(request)
      .catch(failure)
      .then((reply) => process.send!(reply)),
);

// the server is gone, or needs this no more; the system takes back what the device had
process.on('disconnect', () => process.exit());
// the server, which gets them, too, ends this by disconnecting
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
