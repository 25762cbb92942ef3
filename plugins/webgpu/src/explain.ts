import {existsSync} from 'node:fs';
import path from 'node:path';
import type {Probe} from 'gankit/plugin';
import {adapterList, chooseAdapter, type ListedAdapter} from './adapters.js';
import type {Findings, WebgpuOptions} from './findings.js';

/** The answer to `probe` from what a search found, with reason and remedy when it is no. */
export function explain(findings: Findings, {device: wanted, software, precision}: WebgpuOptions): Probe {
  const {adapters} = findings;
  if (findings.found) {
    const {adapter} = findings;
    if (adapter.software && !software) {
      return {
        ok: false,
        why: `the adapter ${adapter.name} is software: it computes on the processor, slower than the wasm backend`,
        fix: `install the driver of your GPU, or take it all the same: --backend webgpu --set backend.software=true (or GAN_WEBGPU_SOFTWARE=1)`,
      };
    }
    if (precision === 'fp16' && !adapter.float16) {
      return {
        ok: false,
        why: `the adapter ${adapter.name} has no float16 (the feature shader-f16 of WebGPU)`,
        fix: 'compute in float32: --precision fp32',
      };
    }
    return {
      ok: true,
      info: {...adapter},
      devices: adapters.map(({name}) => ({name})),
      chosen: chosenOf(adapter.name, wanted, adapters),
    };
  }
  const {error} = findings;
  if (error !== undefined && /Cannot find (package|module) 'webgpu'/.test(error)) {
    return {
      ok: false,
      why: 'the package webgpu (Dawn) is not installed',
      fix: 'reinstall gan-plugin-webgpu (in the sources of gan: npm run webgpu)',
    };
  }
  if (error !== undefined && /dawn\.node/.test(error)) {
    return {
      ok: false,
      why: `Dawn does not load on ${process.platform} ${process.arch}: ${firstLine(error)}`,
      fix: 'use Linux (x64, arm64), macOS or Windows with a system that is not older than Dawn wants',
    };
  }
  if (wanted !== undefined && adapters.length > 0) {
    return {
      ok: false,
      why: error ?? `there is no adapter '${wanted}'`,
      fix: `take one of: ${adapterList(adapters)} (by number or by a part of the name)`,
    };
  }
  return {ok: false, why: noAdapter(error), fix: driverHelp()};
}

/** Its place in the list; 0 where Dawn calls it otherwise. */
function chosenOf(name: string, wanted: string | undefined, adapters: readonly ListedAdapter[]): number {
  const chosen = wanted === undefined ? undefined : chooseAdapter(wanted, adapters);
  return Math.max(0, chosen ? adapters.indexOf(chosen) : adapters.findIndex((one) => one.name === name));
}

function noAdapter(error: string | undefined): string {
  const named = process.env['VK_ICD_FILENAMES'] ?? process.env['VK_DRIVER_FILES'];
  const missing = named?.split(path.delimiter).filter((file) => file !== '' && !existsSync(file)) ?? [];
  if (missing.length > 0)
    return `no adapter was found: VK_ICD_FILENAMES names ${missing.join(', ')}, which does not exist`;
  return `no adapter was found${error === undefined ? '' : `: ${firstLine(error)}`}`;
}

/** The packages to install, by system. */
function driverHelp(): string {
  switch (process.platform) {
    case 'linux':
      return 'install Vulkan and the driver of your GPU: apt-get install libvulkan1 mesa-vulkan-drivers (AMD, Intel), or the NVIDIA driver with libnvidia-gl; vulkaninfo --summary must list the GPU';
    case 'win32':
      return 'update the driver of your GPU (Direct3D 12 or Vulkan)';
    default:
      return 'a GPU with Metal or Vulkan is needed; update the system or its driver';
  }
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';
