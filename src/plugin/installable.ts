import type {PartKind} from './index.js';

/** A part of this project that comes in a package of its own, because of its size. */
export interface InstallablePart {
  kind: PartKind;
  name: string;
  package: string;
  /** It is a backend that computes on a GPU alone. */
  needsGpu?: boolean;
  /** How a user installs it. */
  fix: string;
}

export const installable: readonly InstallablePart[] = [
  {
    kind: 'backend',
    name: 'webgpu',
    package: 'gan-plugin-webgpu',
    needsGpu: true,
    fix: 'npm install gan-plugin-webgpu (in the sources of gan: npm run webgpu)',
  },
];
