/** Addresses of data on servers: `https://host/set.zip`, `s3://bucket/set.zip`. Their keys are not shown or stored. */
import {GanError} from './errors.js';

/** Whether data are on a server. */
export const isAddress = (data: string): boolean => /^(https?|s3):\/\//i.test(data);

const hidden = '***';
/** Complete addresses by what is shown of them. */
const complete = new Map<string, string>();

const isS3 = (address: string): boolean => /^s3:/i.test(address);

/**
 * An address as it is shown and stored: without user and password, and without values in its query other than flags and
 * short numbers (`download=true`), any of which may be a key. This process remembers the rest.
 * @throws GanError GAN_CONFIG_VALUE (exit 3) for what is no address
 */
export function publicAddress(address: string): string {
  if (complete.has(address)) return address; // it is shown already
  const hasHost = URL.canParse(address) && new URL(address).hostname !== '';
  if (!hasHost || (isS3(address) && !/^s3:\/\/[^/]+\/./i.test(address))) throw noAddress(address);
  const shown = withoutSecrets(address);
  if (shown !== address && !address.includes(hidden)) complete.set(shown, address);
  return shown;
}

/** Whether a text looks like an address, of whatever kind: `ftp://...`, `https:/...`. A drive of Windows has one letter. */
export const isLikeAddress = (text: string): boolean => /^[a-z][\w+.-]+:\/+/i.test(text);

/** For an address that data cannot have. */
export function noAddress(address: string): GanError {
  const [, scheme = '', rest = ''] = /^([\w+.-]+):\/*([^]*)$/.exec(address) ?? [];
  const advice: Readonly<Record<string, string>> = {
    file: `Files of this machine have a path: /${rest}`,
    hf: 'Files of the hub of Hugging Face: https://huggingface.co/datasets/OWNER/NAME/resolve/main/FILE',
  };
  return new GanError('config', 'GAN_CONFIG_VALUE', `${withoutSecrets(address)} is no address of data.`, {
    suggestions: [
      advice[scheme.toLowerCase()] ??
        'Give it as https://HOST/PATH or s3://BUCKET/KEY. In a user and a password, %2F stands for a slash, %23 for #, %40 for @.',
    ],
  });
}

/** A text that somebody has typed, with the addresses in it as they are shown. */
export const hideKeys = (typed: string): string =>
  typed.replace(/\b(https?|s3):\/\/[^\s'"]+/gi, (address) => withoutSecrets(address));

function withoutSecrets(address: string): string {
  // where a character of the password has broken the address, all up to the last @ may be of it
  const user = URL.canParse(address) ? /^([a-z][\w+.-]*:\/+)[^/?#]*@/i : /^([a-z][\w+.-]*:\/+)[^]*@/i;
  const shown = address.replace(user, `$1${hidden}@`);
  if (isS3(address)) return shown; // keys of objects have any characters, and there is no query
  return shown.replace(/#[^]*$/, '').replace(/\?[^]*$/, hideValues);
}

const hideValues = (query: string): string =>
  query.replace(/([?&])([^=&]*)(=?)([^&]*)/g, (whole, mark: string, name: string, equals: string, value: string) => {
    if (equals === '') return name.length > 16 ? `${mark}${hidden}` : whole;
    return /^(true|false|yes|no|\d{0,4})$/i.test(value) ? whole : `${mark}${name}=${hidden}`;
  });

/**
 * The address that is asked for.
 * @param shown what `publicAddress` made of it
 * @throws GanError GAN_DATA_SECRET (exit 3) when another process was given its secrets
 */
export function completeAddress(shown: string): string {
  const found = complete.get(shown);
  if (found !== undefined) return found;
  if (!shown.includes(hidden)) return shown;
  throw new GanError(
    'config',
    'GAN_DATA_SECRET',
    `The keys in the address ${shown} are not stored with a run; they are needed again.`,
    {
      suggestions: [
        'gan fit --resume RUN --data ADDRESS   with the complete address; gan evaluate RUN --data ADDRESS',
        "GAN_DATA='ADDRESS' in the environment does the same.",
      ],
    },
  );
}

/** Shards that one address may name. */
const mostShards = 10_000;

/**
 * The addresses of `train-{000..012}.tar`: as many digits as the numbers have there. One without braces is itself.
 * @throws GanError GAN_CONFIG_VALUE (exit 3)
 */
export function shardAddresses(shown: string): string[] {
  const address = completeAddress(shown);
  const [whole, from = '', to = ''] = /\{(\d+)\.\.(\d+)\}/.exec(address) ?? [];
  const braces = isS3(address) ? /\{[^{}]*\.\.[^{}]*\}/ : /\{[^{}]*\}/; // keys of objects may have braces
  const [other] = braces.exec(whole === undefined ? address : address.replace(whole, '')) ?? [];
  if (other !== undefined)
    throw new GanError('config', 'GAN_CONFIG_VALUE', `${shown} has ${other}: no files are named like that.`, {
      suggestions: [
        'Braces hold the first and the last number, once: train-{000..012}.tar. As a part of a name, they are %7B and %7D.',
      ],
    });
  if (whole === undefined) return [shown];
  const count = Number(to) - Number(from) + 1;
  if (!(count >= 1 && count <= mostShards))
    throw new GanError(
      'config',
      'GAN_CONFIG_VALUE',
      `${shown} names ${Math.max(0, count)} files; 1 to ${mostShards} are read.`,
      {
        suggestions: ['Give the first and the last number: train-{000..012}.tar'],
      },
    );
  return Array.from({length: count}, (_, i) => {
    const number = String(Number(from) + i).padStart(from.length, '0');
    const shard = address.replace(whole, number);
    if (shown.includes(whole)) return publicAddress(shard);
    const numbered = `${shown}#${number}`; // the query hides the number, which tells the shards apart
    complete.set(numbered, shard);
    return numbered;
  });
}

/** The last part of an address's path, or of a path. On disks and in keys of objects, `?` and `#` are of the name. */
export const lastName = (data: string): string =>
  (/^https?:/i.test(data) ? data.replace(/[?#].*$/, '') : data).replace(/[/\\]+$/, '').replace(/^.*[/\\]/, '');

/**
 * The address of a file beside another one, or below it, with the same keys: user, password and query.
 * @param shown of the other one
 * @param name of the file as a disk has it, relative to the folder of the other one; or an address, which stays
 * @returns as it is shown
 */
export function addressBeside(shown: string, name: string): string {
  if (isAddress(name)) return publicAddress(name);
  const address = completeAddress(shown);
  const [, folder = '', query = ''] = isS3(address)
    ? [, address.replace(/[^/]*$/, '')]
    : (/^([^?#]*\/)[^?#/]*(\?[^#]*)?/.exec(address) ?? []);
  const [, host = '', path = ''] = /^(\w+:\/\/[^/]+)(\/.*)$/.exec(folder) ?? [];
  const parts = name.startsWith('/') ? [] : path.split('/').filter((part) => part !== '');
  const escape = isS3(address) ? (part: string) => part : encodeURIComponent;
  for (const part of name.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(escape(part));
  return publicAddress(`${host}/${parts.join('/')}${query}`);
}
