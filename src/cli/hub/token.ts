/** The user's token for the Hugging Face hub, where its own programs have it. */
import {homedir} from 'node:os';
import path from 'node:path';
import {GanError} from '../../errors.js';

export interface HubToken {
  value: string;
  /** Where it was found, for messages: never the token itself. */
  origin: string;
}

/** A token has some forty bytes. */
const mostBytes = 4096;

/**
 * `HF_TOKEN`, or the file that `hf auth login` writes: `HF_TOKEN_PATH`, or `token` in `HF_HOME`, which by default is
 * ~/.cache/huggingface.
 * @throws GanError GAN_HUB_TOKEN (exit 3) where there is none, or what is no token
 */
export async function hubToken(env: NodeJS.ProcessEnv = process.env): Promise<HubToken> {
  const set = (name: string): string | undefined => env[name]?.trim() || undefined;
  const cache = set('XDG_CACHE_HOME') ?? path.join(homedir(), '.cache');
  const file = set('HF_TOKEN_PATH') ?? path.join(set('HF_HOME') ?? path.join(cache, 'huggingface'), 'token');
  const given = set('HF_TOKEN');
  const {readRegular} = await import('../../gan/io/read-file.js');
  const value = given ?? (await readRegular(file, mostBytes))?.toString().trim();
  if (value === undefined || value === '')
    throw new GanError(
      'config',
      'GAN_HUB_TOKEN',
      `There is no token for the hub: HF_TOKEN is not set, and ${file} is not there.`,
      {
        suggestions: tokenAdvice,
      },
    );
  const origin = given === undefined ? file : 'HF_TOKEN';
  if (/^hf_[\x21-\x7e]+$/.test(value)) return {value, origin};
  throw new GanError('config', 'GAN_HUB_TOKEN', `${origin} holds no token of the hub: those begin with hf_.`, {
    suggestions: tokenAdvice,
  });
}

export const tokenAdvice = [
  'Make a token with the right to write: https://huggingface.co/settings/tokens',
  'Then set HF_TOKEN to it, or run: hf auth login',
];
