/** What the environment says of data on servers: where they are kept, how much of them, and whose storage it is. */
import {homedir} from 'node:os';
import {join} from 'node:path';
import {bytesOf} from './variables.js';

const set = (name: string): string | undefined => process.env[name] || undefined;

const defaultBytes = 20 * 2 ** 30;

/** Bytes of data from servers that are kept: GAN_DATA_CACHE; 0: none. @throws GanError GAN_CONFIG_VALUE (exit 3) */
export const dataCacheBytes = (): number => bytesOf('GAN_DATA_CACHE') ?? defaultBytes;

/** The folder of data from servers: in the cache of `gan`, as oclif has it; for programs that use the library too. */
export function dataCacheFolder(): string {
  const base =
    process.platform === 'win32'
      ? set('LOCALAPPDATA')
      : process.platform === 'darwin'
        ? join(homedir(), 'Library', 'Caches')
        : undefined;
  return join(set('GAN_CACHE_DIR') ?? join(set('XDG_CACHE_HOME') ?? base ?? join(homedir(), '.cache'), 'gan'), 'data');
}

/** What Amazon's client does not find out itself: other storage has buckets in the path, and often no regions. */
export function s3Settings(): {forcePathStyle: boolean; region?: string} {
  const isElsewhere = (set('AWS_ENDPOINT_URL_S3') ?? set('AWS_ENDPOINT_URL')) !== undefined;
  const hasRegion = (set('AWS_REGION') ?? set('AWS_PROFILE')) !== undefined;
  return {forcePathStyle: isElsewhere, ...(isElsewhere && !hasRegion && {region: 'us-east-1'})};
}
