/** What went wrong on a network, in words: Node's errors, and those of `fetch`, have it in their causes. */
import {messageOf} from './errors.js';

interface Fault {
  name?: unknown;
  code?: unknown;
  message?: unknown;
}

/** The error and its causes. */
export function* chain(error: unknown): Generator<Fault> {
  for (let each = error, depth = 0; typeof each === 'object' && each !== null && depth < 10; depth++) {
    yield each;
    const {cause, errors} = each as {cause?: unknown; errors?: unknown};
    each = cause ?? (Array.isArray(errors) ? (errors as unknown[])[0] : undefined); // of several addresses of a host
  }
}

export const isTimeout = (error: unknown): boolean =>
  [...chain(error)].some(
    ({name, code}) => name === 'TimeoutError' || /^UND_ERR_\w*TIMEOUT$|^ETIMEDOUT$/.test(String(code)),
  );

/** `fetch` throws a TypeError whose cause tells what happened. */
export const isNetwork = (error: unknown): boolean =>
  [...chain(error)].some(
    ({code, message}) =>
      message === 'fetch failed' ||
      message === 'terminated' ||
      (typeof code === 'string' && (/^(E[A-Z]+|UND_ERR_\w+|HPE_\w+)$/.test(code) || certificate.test(code))),
  );

const certificate = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_SELF_SIGNED|ERR_TLS_|ERR_SSL_|EPROTO$)/;

/** Whether the host could not prove who it is, or speaks no TLS. */
export const isCertificate = (error: unknown): boolean =>
  [...chain(error)].some(({code}) => typeof code === 'string' && certificate.test(code));

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host could not be looked up',
  ECONNREFUSED: 'nothing answers at that address',
  ECONNRESET: 'the connection was broken off',
  UND_ERR_SOCKET: 'the connection was broken off',
  EPIPE: 'the connection was broken off',
  ENETUNREACH: 'there is no network',
  EHOSTUNREACH: 'there is no way to the host',
};

export function reasonOf(error: unknown): string {
  const last = [...chain(error)].at(-1);
  const {code} = last ?? {};
  return (typeof code === 'string' ? words[code] : undefined) ?? messageOf(last);
}

/** Whether asking again may help: not where there is no such host, or none that can be trusted. */
export const isPassing = (error: unknown): boolean =>
  isTimeout(error) ||
  (isNetwork(error) &&
    !isCertificate(error) &&
    [...chain(error)].some(
      ({code}) => typeof code === 'string' && code !== 'ENOTFOUND' && code !== 'UND_ERR_INVALID_ARG',
    ));
