import {GanError} from '../../errors.js';

const publicHub = 'https://huggingface.co';

/**
 * The address of the hub, without a slash at its end.
 * @param given of --endpoint; else HF_ENDPOINT holds, which the hub's own programs read
 * @throws GanError GAN_HUB_ENDPOINT (exit 2) for what is no address, or would send the token unencrypted
 */
export function hubAddress(given: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const [text, origin] =
    given !== undefined ? [given, '--endpoint'] : [env['HF_ENDPOINT']?.trim() || publicHub, 'HF_ENDPOINT'];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (why: string): GanError =>
    new GanError('usage', 'GAN_HUB_ENDPOINT', `${origin} ${why}.`, {
      suggestions: [`The public hub: --endpoint ${publicHub}`],
    });
  if (!url || !['https:', 'http:'].includes(url.protocol)) throw refuse('is no address that begins with https://');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw refuse('has more than a host and a path: the token comes from HF_TOKEN');
  if (url.protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname))
    throw refuse('begins with http://, and the token would travel unencrypted');
  return url.href.replace(/\/+$/, '');
}

/**
 * The name of a repository: OWNER/NAME, as the hub allows it.
 * @throws GanError GAN_USAGE (exit 2)
 */
export function repositoryName(given: string): string {
  const [owner = '', name = '', ...more] = given.split('/');
  const isName = (text: string): boolean =>
    /^[A-Za-z0-9][\w.-]{0,95}$/.test(text) && !/--|\.\.|[-.]$|\.git$/.test(text);
  if (more.length === 0 && isName(owner) && isName(name)) return given;
  throw new GanError('usage', 'GAN_USAGE', `'${given}' is no name of a repository: OWNER/NAME is wanted.`, {
    suggestions: ['OWNER is your name on the hub or that of your organisation; NAME has letters, digits, - _ and .'],
  });
}
