import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {ok, type Finding} from '../context.js';

/** Makers of what can compute; servers have a Matrox or a virtual display adapter that cannot. */
const makers: Readonly<Record<string, string>> = {'0x10de': 'NVIDIA', '0x1002': 'AMD', '0x8086': 'Intel'};

/** Files that drivers create for GPUs that are not on the PCI bus, or that belong to a container or to WSL. */
const nodes = ['nvidia0', 'nvidiactl', 'dxg', 'kfd', 'nvhost-gpu', 'dri/renderD128'];

/**
 * The GPUs of a Linux machine, from what its kernel lists: asks no driver, takes no time. Undefined where that is not
 * to be known.
 * @param root of the file system
 */
export function findGpus(root = '/', platform: NodeJS.Platform = process.platform): string[] | undefined {
  const bus = path.join(root, 'sys/bus/pci/devices');
  if (platform !== 'linux') return undefined;
  const onBus = existsSync(bus)
    ? readdirSync(bus).flatMap((address) => {
        const [kind, vendor, device] = ['class', 'vendor', 'device'].map((name) =>
          readText(path.join(bus, address, name)),
        );
        const maker = makers[vendor ?? ''];
        return kind?.startsWith('0x03') && maker !== undefined ? [`${maker} ${device} (PCI ${address})`] : [];
      })
    : [];
  if (onBus.length > 0) return onBus;
  return nodes
    .filter((name) => existsSync(path.join(root, 'dev', name)))
    .slice(0, 1)
    .map((name) => `/dev/${name}`);
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined; // gone, or not for us
  }
}

/** One line about the GPUs; whether a backend can use them is for it to say. */
export function checkGpu({gpus}: {gpus: readonly string[] | undefined}): Finding[] {
  if (gpus === undefined) return [];
  return [ok('gpu', gpus.length === 0 ? 'none in this machine: training runs on the processor' : gpus.join(', '))];
}
