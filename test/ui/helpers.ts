import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {root} from '../commands/helpers.js';

export interface RunningUi {
  url: string;
  port: number;
  process: ChildProcess;
  /** What it has written to stderr. */
  stderr(): string;
  /** Ends it as Ctrl-C does. @returns the exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

interface UiOptions {
  args?: string[];
  env?: Record<string, string>;
  /** Fail as soon as a module of tfjs or of the training library is loaded. */
  withoutTfjs?: boolean;
}

/** `gan ui` as it ships, in a process of its own, once it has printed its address. */
export async function startUi(
  cwd: string,
  {args = ['--port', '0'], env = {}, withoutTfjs = false}: UiOptions = {},
): Promise<RunningUi> {
  const hooks = withoutTfjs ? ['--import', pathToFileURL(path.join(root, 'test/commands/forbid-tfjs.mjs')).href] : [];
  const {NODE_OPTIONS: _, ...inherited} = process.env;
  const child = spawn(process.execPath, [...hooks, path.join(root, 'bin/run.js'), 'ui', '--json', ...args], {
    cwd,
    env: {...inherited, ...env},
    timeout: 200_000,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('\n')) resolve((JSON.parse(stdout) as {url: string}).url);
    });
    child.on('close', () => reject(new Error(`gan ui ended: ${stdout}${stderr}`)));
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  return {
    url,
    port: Number(new URL(url).port),
    process: child,
    stderr: () => stderr,
    async stop(signal = 'SIGINT') {
      child.kill(signal);
      return (await ended)[0];
    },
  };
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** A request with exactly this path and these headers: nothing is normalised as `fetch` would. */
export function request(
  port: number,
  address: string,
  {method = 'GET', headers = {}, body}: {method?: string; headers?: Record<string, string>; body?: string} = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ask = http.request(
      {host: '127.0.0.1', port, path: address, method, headers, agent: false, timeout: 30_000},
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks)}),
        );
        response.on('error', reject);
      },
    );
    ask.on('error', reject).on('timeout', () => ask.destroy(new Error('no answer')));
    ask.end(body);
  });
}

/** A run folder as far as those who only look can tell. */
export function fakeRun(
  dir: string,
  {config = {latent: 4, steps: 10}, metrics = ''}: {config?: object; metrics?: string} = {},
): string {
  for (const folder of ['samples', 'checkpoints']) mkdirSync(path.join(dir, folder), {recursive: true});
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(dir, 'metrics.jsonl'), metrics);
  return dir;
}

/** A line of metrics.jsonl as a training writes it. */
export const metricsLine = (step: number, critLoss: number, genLoss = -critLoss): string =>
  `${JSON.stringify({step, epoch: 0, mode: 'critic', loss: critLoss, genLoss, critLoss, lr: 0.001})}\n`;
