import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import type {Probe} from 'gankit/plugin';
import {explain} from './explain.js';
import type {Findings, WebgpuOptions} from './findings.js';

/** A driver that answers at all does so within a second. */
const limitMs = 10_000;

/**
 * Checks for a usable adapter. A driver may hang or crash when it is first loaded, and Dawn keeps a process from
 * ending. So the search runs in a separate process with a time limit.
 */
export async function probe(options: WebgpuOptions, timeLimitMs = limitMs): Promise<Probe> {
  const answer = await askChild(options, timeLimitMs);
  if (typeof answer === 'string') return explain({found: false, adapters: [], error: answer}, options);
  return explain(answer, options);
}

/** The result of the child process, or how it ended. */
function askChild({device, powerPreference}: WebgpuOptions, timeLimitMs: number): Promise<Findings | string> {
  const child = fileURLToPath(new URL('../dist/probe-child.js', import.meta.url));
  // No flags of this process's: a debugger or a loader of modules is not for the child.
  const env = {...process.env, NODE_OPTIONS: ''};
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [child, JSON.stringify({device, powerPreference})],
      {timeout: timeLimitMs, killSignal: 'SIGKILL', env},
      (error, stdout, stderr) => {
        const last = stdout.trimEnd().split('\n').at(-1) ?? '';
        if (last.startsWith('{')) resolve(withWarnings(JSON.parse(last) as Findings, stderr));
        else if (error?.killed) resolve(`the graphics driver did not answer within ${timeLimitMs / 1000} s`);
        else
          resolve(
            `the graphics driver ended the process that asked for an adapter (${error?.signal ?? `exit ${error?.code ?? 0}`})`,
          );
      },
    );
  });
}

/** Dawn says on stderr why a driver was passed over. */
function withWarnings(findings: Findings, stderr: string): Findings {
  if (findings.found || findings.error !== undefined) return findings;
  const warning = stderr.split('\n').find((line) => /^Warning|^Error/.test(line));
  return warning === undefined ? findings : {...findings, error: warning.replace(/^(Warning|Error): /, '')};
}
