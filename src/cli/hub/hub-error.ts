/** What went wrong on the way to the hub, for people. */
import {GanError, isGanError, messageOf} from '../../errors.js';
import {chain, isNetwork, isTimeout, reasonOf} from '../../network-words.js';
import {systemError} from '../../system-error.js';
import {tokenAdvice, type HubToken} from './token.js';

/** What was being done when something went wrong. */
export interface Upload {
  token: HubToken;
  /** Address of the hub. */
  hub: string;
  repository: string;
  /** How far the upload had come. */
  stage: 'repository' | 'files' | 'commit';
}

/** What the client throws for an answer that is an error. */
const statusOf = (error: unknown): number | undefined => {
  const {statusCode} = (error ?? {}) as {statusCode?: unknown};
  return typeof statusCode === 'number' ? statusCode : undefined;
};

const again = 'Run the command again: large files that have arrived are not sent a second time.';

/** Says what became of the upload. */
function rest({stage, hub, repository}: Upload): string[] {
  if (stage === 'commit') return [`Look whether the commit has arrived: ${hub}/${repository}/commits/main`, again];
  return [stage === 'files' ? `Nothing of this upload is in the repository. ${again}` : 'Nothing was sent.'];
}

/** @returns a GanError; what is none of the hub, of the network or of the system, as it is */
export function hubError(error: unknown, upload: Upload): unknown {
  if (isGanError(error)) return error;
  const {token, hub, repository} = upload;
  // no message of a server or a library may show the token
  const said = messageOf(error).replaceAll(token.value, 'hf_***');
  const make = (
    kind: 'usage' | 'config' | 'data',
    code: `GAN_HUB_${string}`,
    message: string,
    advice: string[],
  ): GanError => new GanError(kind, code, message, {suggestions: advice, cause: new Error(said)});
  const status = statusOf(error);
  if (status === 401)
    return make('config', 'GAN_HUB_TOKEN', `${hub} does not accept the token of ${token.origin}.`, tokenAdvice);
  if (status === 403)
    return make('config', 'GAN_HUB_FORBIDDEN', `${hub} does not let this token write to ${repository}: ${said}`, [
      'The token needs the right to write, and its user a place in the organisation.',
      ...tokenAdvice,
      ...rest(upload),
    ]);
  if (status === 404)
    return make('usage', 'GAN_HUB_NOT_FOUND', `${hub} has no ${repository} that this token may see: ${said}`, [
      'Check OWNER/NAME, and that the token has the right to write there.',
      'Check the address of the hub: --endpoint, HF_ENDPOINT',
      ...rest(upload),
    ]);
  if (status === 409 || status === 412)
    return make('data', 'GAN_HUB_CONFLICT', `${repository} was changed by somebody else meanwhile: ${said}`, [
      ...rest(upload),
    ]);
  if (status === 429)
    return make('data', 'GAN_HUB_BUSY', `${hub} wants fewer requests: ${said}`, [
      'Wait some minutes.',
      ...rest(upload),
    ]);
  if (status !== undefined && status >= 500)
    return make('data', 'GAN_HUB_UNREACHABLE', `${hub} has a fault of its own (${status}): ${said}`, rest(upload));
  if (status !== undefined)
    return make('data', 'GAN_HUB_REFUSED', `${hub} refuses the upload (${status}): ${said}`, rest(upload));
  if (isTimeout(error))
    return make('data', 'GAN_HUB_TIMEOUT', `${hub} did not answer in time.`, [
      '--timeout SECONDS waits longer.',
      ...rest(upload),
    ]);
  if (isNetwork(error))
    return make('data', 'GAN_HUB_UNREACHABLE', `${hub} cannot be reached: ${reasonOf(error)}`, [
      'Look whether this machine is online, and whether the address is right: --endpoint, HF_ENDPOINT',
      ...rest(upload),
    ]);
  const fault = systemError(error);
  if (fault) return fault;
  if ([...chain(error)].some(({code}) => String(code).startsWith('ERR_'))) return error; // of Node: a fault of this program
  return make('data', 'GAN_HUB_REFUSED', `${hub} gave an answer that cannot be understood: ${said}`, [
    'Look whether the address is that of a Hugging Face hub: --endpoint, HF_ENDPOINT',
    ...rest(upload),
  ]);
}
