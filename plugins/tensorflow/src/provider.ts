import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

/** The npm packages that this backend can stand on, the preferred one first. */
export const providers = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;
export type ProviderName = (typeof providers)[number];

/** An installed package of TensorFlow for Node. */
export interface Provider {
  name: ProviderName;
  version: string;
  /** Its folder. */
  root: string;
  /** Path of its native addon, existing or not. */
  addon: string;
}

/** The settings of the addon in its package.json, as node-pre-gyp reads them. */
interface Binary {
  module_name: string;
  module_path: string;
  napi_versions: number[];
}

/** A package as Node finds it from the folders, the first first; undefined where it is not installed. */
export function findProvider(name: ProviderName, folders: readonly string[]): Provider | undefined {
  for (const folder of folders) {
    const file = resolvePackage(name, folder);
    if (file === undefined) continue;
    const {version, binary} = JSON.parse(readFileSync(file, 'utf8')) as {version: string; binary: Binary};
    const root = path.dirname(file);
    return {name, version, root, addon: path.join(root, addonFolder(binary), `${binary.module_name}.node`)};
  }
  return undefined;
}

/** Uses the newest version of Node-API that both know. */
function addonFolder({module_path: template, napi_versions: versions}: Binary): string {
  const known = Math.max(...versions.filter((version) => version <= Number(process.versions['napi'])));
  return template.replace('{napi_build_version}', String(known));
}

function resolvePackage(name: string, folder: string): string | undefined {
  try {
    return createRequire(pathToFileURL(path.join(folder, 'package.json'))).resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
}

/**
 * True if libtensorflow is where the install script of the package puts it. A self-built addon may have it elsewhere.
 */
export const hasOwnLibrary = ({root}: Provider): boolean =>
  ['libtensorflow.so.2', 'libtensorflow.so', 'libtensorflow.2.dylib', 'libtensorflow.dylib', 'tensorflow.dll'].some(
    (file) => existsSync(path.join(root, 'deps', 'lib', file)),
  );
