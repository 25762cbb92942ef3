import {loadHttp} from './http.js';

/** What Amazon's client asks for. */
interface Request {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Readonly<Record<string, string | string[] | null>>;
  method: string;
  headers: Record<string, string>;
  body?: Buffer;
}

/**
 * Sends the requests of Amazon's client as all others: through the proxies of HTTP_PROXY, HTTPS_PROXY and NO_PROXY,
 * with the same time-outs. Its own handler asks for no proxies, and waits without end.
 */
export const s3RequestHandler = {
  async handle(request: Request, options?: {abortSignal?: unknown}) {
    const {protocol, hostname, port, path, query = {}, method, headers, body} = request;
    const {undici, dispatcher} = await loadHttp();
    const parameters = Object.entries(query).flatMap(([name, value]) =>
      [value].flat().map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(each ?? '')}`),
    );
    const target = parameters.length === 0 ? path : `${path}?${parameters.join('&')}`;
    const answer = await undici.request(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${target}`, {
      dispatcher,
      method: method as 'GET',
      headers,
      body: body ?? null,
      signal: (options?.abortSignal as AbortSignal | undefined) ?? null,
    });
    const named = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]);
    return {response: {statusCode: answer.statusCode, headers: Object.fromEntries(named), body: answer.body}};
  },
  updateHttpClientConfig: () => {},
  httpHandlerConfigs: () => ({}),
};
