/** The process that draws for `gan ui`: holds one backend and one generator, takes one order at a time. */
import {isGanError, messageOf} from '../../errors.js';
import type {PainterSetup, PaintOrder, PaintReply} from './orders.js';
import {Painter} from './painter.js';

const setup = JSON.parse(process.argv[2]!) as PainterSetup;
let painter: Promise<Painter> | undefined;

async function obey(order: PaintOrder): Promise<PaintReply> {
  painter ??= Painter.open(setup);
  return {png: await (await painter).paint(order)};
}

function failure(error: unknown): PaintReply {
  if (!isGanError(error)) return {error: messageOf(error), broken: true};
  return {
    error: [error.message, ...error.suggestions.slice(0, 1)].join(' - '),
    broken: error.kind === 'backend' || error.code === 'GAN_UNKNOWN_PART',
  };
}

process.on(
  'message',
  (order: PaintOrder) =>
    void obey(order)
      .catch(failure)
      .then((reply) => process.send!(reply)),
);

// the server is gone, or needs this no more; the system takes back what the device had
process.on('disconnect', () => process.exit());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {}); // the server, which gets them, too, ends this by disconnecting
