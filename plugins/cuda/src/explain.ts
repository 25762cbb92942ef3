import path from 'node:path';
import type {Probe} from 'gankit/plugin';
import {cuda} from './driver/codes.js';
import type {DeviceFacts, DriverAnswer} from './driver/driver.js';
import {chooseLibraries, type Chosen, type Found} from './libraries/find.js';
import type {Machine} from './libraries/machine.js';
import {driverFile, libraryFile, libraryNames, majors, pipPackage, titles} from './libraries/names.js';
import type {CudaOptions} from './options.js';
import {mebibytes} from './units.js';

type Refusal = Extract<Probe, {ok: false}>;

/** Decides from the result of a search whether the backend can run. If not, returns the reason and the remedy. */
export function explain(
  machine: Machine,
  found: Found,
  answer: DriverAnswer | undefined,
  {device, precision}: CudaOptions,
): Refusal | {ok: true; chosen: Chosen; card: DeviceFacts; answer: Extract<DriverAnswer, {ok: true}>} {
  if (machine.platform !== 'linux' && machine.platform !== 'win32') {
    return {ok: false, why: `CUDA runs on Linux and Windows, not on ${machine.platform}`, fix: 'take --backend webgpu'};
  }
  if (found.driver === undefined || answer === undefined) {
    return {
      ok: false,
      why: `no NVIDIA driver was found (${driverFile(machine.platform)})`,
      fix: 'install the NVIDIA driver, nvidia-smi must list the GPU; start a container with --gpus all',
    };
  }
  if (!answer.ok)
    return {
      ok: false,
      why: `the NVIDIA driver (${found.driver}) does not work: ${answer.error}`,
      fix: driverHelp(answer),
    };
  const {devices, version} = answer;
  if (devices.length === 0)
    return {
      ok: false,
      why: 'the NVIDIA driver sees no GPU',
      fix: driverHelp({ok: false, error: '', code: cuda.CUDA_ERROR_NO_DEVICE}),
    };
  const card = chooseCard(device, devices);
  if (!card)
    return {
      ok: false,
      why: `there is no GPU ${device}`,
      fix: `take one of: ${deviceList(answer)} (by number, by a part of the name, or by the UUID that nvidia-smi -L lists: --device)`,
    };
  if (version < 12_000)
    return {
      ok: false,
      why: `the NVIDIA driver runs CUDA ${cudaVersion(version)} at most, 12 is needed`,
      fix: 'update the NVIDIA driver (525 or newer)',
    };
  if (precision === 'bf16' && card.architecture < 80)
    return {
      ok: false,
      why: `${card.name} (compute capability ${card.architecture / 10}) does not compute with bfloat16, cards from 8.0 on do`,
      fix: '--set backend.precision=fp32',
    };
  // CUDA 13 has no code for cards before Turing any more
  const allowed = majors.nvrtc.filter((major) => major * 1000 <= version && (major < 13 || card.architecture >= 75));
  const chosen = chooseLibraries(found, allowed);
  return 'missing' in chosen ? missingLibraries(machine, found, chosen) : {ok: true, chosen, card, answer};
}

function missingLibraries(
  {platform}: Machine,
  {libraries}: Found,
  {cuda: major, missing}: {cuda: number; missing: readonly (typeof libraryNames)[number][]},
): Refusal {
  const file = (name: (typeof libraryNames)[number]) =>
    libraryFile(name, name === 'cudnn' ? majors.cudnn[0]! : major, platform);
  const there = libraryNames.filter((name) => !missing.includes(name)).map((name) => titles[name]);
  const others = libraryNames.flatMap((name) =>
    missing.includes(name) ? libraries[name].map(({file: at}) => at) : [],
  );
  const notes = [
    ...(there.length > 0 ? [`${there.join(' and ')} ${there.length > 1 ? 'are' : 'is'} there`] : []),
    ...(others.length > 0 ? [`not of this version: ${others.join(', ')}`] : []),
  ];
  return {
    ok: false,
    why: `${missing.map((name) => `${titles[name]} (${file(name)})`).join(', ')} for CUDA ${major} ${missing.length > 1 ? 'were' : 'was'} not found${notes.length > 0 ? `; ${notes.join('; ')}` : ''}`,
    fix: `pip install ${missing.map((name) => pipPackage(name, major)).join(' ')}, or install the CUDA toolkit and cuDNN; where they are already, name their folders: GAN_CUDA_LIBS=FOLDER${path.delimiter}FOLDER`,
  };
}

function driverHelp({code}: Extract<DriverAnswer, {ok: false}>): string {
  switch (code) {
    case cuda.CUDA_ERROR_NO_DEVICE:
      return 'nvidia-smi must list the GPU; start a container with --gpus all; CUDA_VISIBLE_DEVICES may hide it';
    case cuda.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
    case cuda.CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE:
      return 'the driver was updated and not loaded yet, or a compatibility library lies before it: restart, or look into LD_LIBRARY_PATH';
    default:
      return 'nvidia-smi must list the GPU; reinstall the NVIDIA driver';
  }
}

/** A UUID as nvidia-smi -L lists it, or its beginning: of a card, or of a part of one. */
const uuid = /^(GPU|MIG)-([0-9a-f-]+)$/i;

/** The card that a user means by a number in the list, a UUID, or a part of its name; case does not matter. */
function chooseCard(wanted: string | undefined, cards: readonly DeviceFacts[]): DeviceFacts | undefined {
  if (wanted === undefined || /^\d+$/.test(wanted)) return cards[Number(wanted ?? 0)];
  const digits = uuid.exec(wanted)?.[2]?.replaceAll('-', '').toLowerCase();
  if (digits !== undefined) return cards.find((card) => card.uuid.startsWith(digits));
  return cards.find(({name}) => name.toLowerCase().includes(wanted.toLowerCase()));
}

/**
 * The environment in which the driver shows the part of a card (MIG) that is asked for by its UUID: a process sees one
 * of them, and which is said before the driver starts. What the user has set stays.
 */
export const visibleDevices = (wanted: string | undefined, env: Machine['env']): Record<string, string> =>
  wanted !== undefined && /^MIG-/i.test(wanted) && env['CUDA_VISIBLE_DEVICES'] === undefined
    ? {CUDA_VISIBLE_DEVICES: wanted}
    : {};

/** 12080 as 12.8. */
export const cudaVersion = (version: number): string =>
  `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;

/** For messages: `0 NVIDIA H200 (143771 MiB), 1 ...`. */
export const deviceList = ({devices}: Extract<DriverAnswer, {ok: true}>): string =>
  devices.map(({ordinal, name, bytes}) => `${ordinal} ${name} (${mebibytes(bytes)})`).join(', ');
