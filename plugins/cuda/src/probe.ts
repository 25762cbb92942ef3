import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import type {Finding, Probe} from 'gankit/plugin';
import {cacheFolder} from './cache/disk-cache.js';
import {cudaVersion, deviceList, explain, visibleDevices} from './explain.js';
import type {DriverAnswer} from './driver/driver.js';
import {findLibraries} from './libraries/find.js';
import {thisMachine, type Machine} from './libraries/machine.js';
import {libraryNames, pipPackage, titles} from './libraries/names.js';
import {findNccl} from './nccl/find.js';
import type {CudaOptions} from './options.js';

/**
 * How long the driver has for its answer: 10 s, or GAN_CUDA_PROBE_SECONDS. It mostly takes a second or two; the first
 * call on a machine that was just started can take much longer.
 */
const limitMs = ({env}: Machine): number => (Number(env['GAN_CUDA_PROBE_SECONDS']) || 10) * 1000;

/**
 * Checks for a card with a driver and the libraries. Without a driver, it starts nothing. A driver may hang or crash on
 * the first call, so a separate process calls it, with a time limit. Libraries are only located, not loaded.
 */
export async function probe(
  options: CudaOptions,
  machine: Machine = thisMachine(),
  timeLimitMs = limitMs(machine),
): Promise<Probe> {
  const {result} = await search(options, machine, timeLimitMs);
  if (!result.ok) return result;
  const {card, chosen, answer} = result;
  return {
    ok: true,
    info: {
      gpu: card.name,
      cuda: chosen.cuda,
      driver: `CUDA ${cudaVersion(answer.version)}`,
      precision: options.precision,
    },
    devices: answer.devices.map(({name, bytes}) => ({name, memoryBytes: bytes})),
    chosen: card.ordinal,
  };
}

async function search(options: CudaOptions, machine: Machine, timeLimitMs: number) {
  const found = findLibraries(machine, [options.libs]);
  const answer =
    found.driver === undefined
      ? undefined
      : await askOnce(found.driver, visibleDevices(options.device, machine.env), timeLimitMs);
  return {found, answer, result: explain(machine, found, answer, options)};
}

/** Lists each part that was found, for `gan doctor`. */
export async function diagnose(
  options: CudaOptions,
  machine: Machine = thisMachine(),
  timeLimitMs = limitMs(machine),
): Promise<Finding[]> {
  const {found, answer, result} = await search(options, machine, timeLimitMs);
  if (answer?.ok !== true) return []; // the probe says it all
  const findings: Finding[] = [
    {name: 'cuda driver', state: 'ok', what: `${found.driver} runs CUDA up to ${cudaVersion(answer.version)}`},
    {name: 'cuda gpus', state: 'ok', what: deviceList(answer)},
  ];
  if (result.ok) {
    findings.push(
      ...libraryNames.map((name): Finding => ({name: `cuda ${titles[name]}`, state: 'ok', what: result.chosen[name]})),
    );
    findings.push({
      name: 'cuda NCCL',
      state: 'ok',
      what:
        findNccl(machine, [options.libs]) ??
        `there is none: several ranks exchange through MPI (pip install ${pipPackage('nccl', result.chosen.cuda)})`,
    });
    findings.push({
      name: 'cuda kernels',
      state: 'ok',
      what: `compiled ones are kept in ${cacheFolder(machine.env, machine.platform, machine.home)}`,
    });
  }
  return findings;
}

/** The driver's answer, or how the process that called it ended. */
function askChild(driver: string, visible: Record<string, string>, timeLimitMs: number): Promise<DriverAnswer> {
  const child = fileURLToPath(new URL('../dist/probe-child.js', import.meta.url));
  // No flags of this process's: a debugger or a loader of modules is not for the child.
  const env = {...process.env, ...visible, NODE_OPTIONS: ''};
  return new Promise((resolve) => {
    execFile(process.execPath, [child, driver], {timeout: timeLimitMs, killSignal: 'SIGKILL', env}, (error, stdout) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (last.startsWith('{')) resolve(JSON.parse(last) as DriverAnswer);
      else if (error?.killed) resolve({ok: false, error: `it did not answer within ${timeLimitMs / 1000} s`});
      else
        resolve({
          ok: false,
          error: `it ended the process that asked it (${error?.signal ?? `exit ${error?.code ?? 0}`})`,
        });
    });
  });
}

/** The same, asked once: `gan doctor` wants it twice. */
function askOnce(driver: string, visible: Record<string, string>, timeLimitMs: number): Promise<DriverAnswer> {
  const key = JSON.stringify([driver, visible]);
  const answer = answers.get(key) ?? askChild(driver, visible, timeLimitMs);
  answers.set(key, answer);
  return answer;
}
const answers = new Map<string, Promise<DriverAnswer>>();
