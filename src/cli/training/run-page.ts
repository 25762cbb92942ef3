import {fork} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import {GanError} from '../../errors.js';
import {runsFolder} from '../../runs/find-run.js';

/** The page of `gan ui` beside a training. */
export interface RunPage {
  url: string;
  close(): void;
}

/**
 * Serves the page of `gan ui` from a process of its own, which the training does not keep waiting and which does not
 * keep the training waiting. It ends with this process.
 * @param program bin/run.js
 * @throws GanError GAN_UI_FAILED (exit 2) with what it says
 */
export async function openRunPage(dir: string, program: string): Promise<RunPage> {
  const shown = path.dirname(dir) === runsFolder ? runsFolder : dir;
  const child = fork(program, ['ui', shown, '--json'], {stdio: ['ignore', 'pipe', 'ignore', 'ipc'], execArgv: []});
  const closed = once(child, 'close');
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (more: string) => (text += more));
  while (!text.includes('\n')) {
    const ended = await Promise.race([once(child.stdout!, 'data').then(() => false), closed.then(() => true)]);
    if (ended) break;
  }
  const [line = ''] = text.split('\n');
  const {url, error} = parse(line);
  if (url === undefined)
    throw new GanError('usage', 'GAN_UI_FAILED', `The page cannot be served: ${error?.message ?? 'gan ui ended'}`, {
      suggestions: ['Train without --ui; gan ui in another terminal shows the run, too.'],
    });
  child.unref();
  child.channel?.unref();
  (child.stdout as unknown as {unref?(): void}).unref?.();
  return {url, close: () => child.kill()};
}

function parse(line: string): {url?: string; error?: {message: string}} {
  try {
    return JSON.parse(line) as {url?: string; error?: {message: string}};
  } catch {
    return {};
  }
}
