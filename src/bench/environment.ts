import {execFile} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * The facts that must be equal for two results to be comparable. The row of each device has its own facts (adapter,
 * driver, threads).
 */
export async function environment(): Promise<Record<string, string | number>> {
  const {version} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {version: string};
  const commit = await gitCommit();
  return {
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 1e9),
    system: `${os.type()} ${os.release()} ${process.arch}`,
    node: process.versions.node,
    gan: version,
    ...(commit !== undefined && {commit}),
  };
}

/** The commit of a checkout of gan, and whether it was changed; undefined in an installed package. */
async function gitCommit(): Promise<string | undefined> {
  if (!existsSync(path.join(root, '.git'))) return undefined;
  try {
    const describe = ['describe', '--always', '--dirty= with changes', '--exclude=*'];
    return (await promisify(execFile)('git', ['-C', root, ...describe])).stdout.trim();
  } catch {
    return undefined; // no git
  }
}
