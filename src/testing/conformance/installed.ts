/** Backends that the registry knows, as subjects of the kit. */
import type {Device} from '../../backends/device.js';
import type {Subject} from './check.js';

export interface Installed {
  /** The name of the backend, as given to `--backend`. */
  name: string;
  /** Folders of plug-in packages that are not among the dependencies of gan: a plug-in's own, or linked ones. */
  packages?: readonly string[];
  /** Options of the backend, as text. */
  options?: Readonly<Record<string, string>>;
}

/** A backend by name, opened as `gan` opens it. */
export function installedBackend(installed: Installed): Subject {
  return {
    name: installed.name,
    open: () => openInstalled(installed),
    process: {module: import.meta.url, argument: installed},
  };
}

/** @throws GanError GAN_UNKNOWN_PART, GAN_BACKEND_UNAVAILABLE, GAN_BACKEND_FAILED */
export default async function openInstalled({name, packages = [], options = {}}: Installed): Promise<Device> {
  const [{openRegistry, pluginIn}, {selectBackend}] = await Promise.all([
    import('../../plugin/discover.js'),
    import('../../runs/devices/select.js'),
  ]);
  const given = new Map(Object.entries(options).map(([key, value]) => [key, {value, origin: '--set'}]));
  const {device} = await selectBackend(openRegistry(packages.map(pluginIn)), name, given);
  return device;
}
