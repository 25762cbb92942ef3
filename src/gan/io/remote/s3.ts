/** Objects in storage that speaks S3, by Amazon's own client, which is loaded when it is needed. */
import type {Readable} from 'node:stream';
import {s3Settings} from '../../../environment.js';
import {GanError, messageOf} from '../../../errors.js';
import {s3RequestHandler} from './s3-request-handler.js';
import {assertPart, bodyOf, inTime, partIn, Refused, type RemoteFacts, type Transport} from './transport.js';

type Sdk = typeof import('@aws-sdk/client-s3');
type Client = import('@aws-sdk/client-s3').S3Client;

let loaded: Promise<{sdk: Sdk; client: Client}> | undefined;

/**
 * Keys, region and endpoint are found as every program of Amazon finds them: AWS_ACCESS_KEY_ID, AWS_PROFILE, ~/.aws,
 * AWS_REGION, AWS_ENDPOINT_URL_S3. Other endpoints than Amazon's have buckets in the path.
 * @throws GanError GAN_S3_CLIENT (exit 3)
 */
const load = (): NonNullable<typeof loaded> =>
  (loaded ??= loadSdk().then((sdk) => ({
    sdk,
    client: new sdk.S3Client({
      ...s3Settings(),
      maxAttempts: 1, // transport.ts asks again
      requestHandler: s3RequestHandler,
    }),
  })));

async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new GanError(
      'config',
      'GAN_S3_CLIENT',
      'Data at s3://... need the package @aws-sdk/client-s3, which is not installed.',
      {
        suggestions: [
          'npm install -g @aws-sdk/client-s3   where gan is installed for all folders',
          'npm install @aws-sdk/client-s3   in a project that has gankit',
        ],
        cause,
      },
    );
  }
}

/** @param address `s3://bucket/key` */
export function s3Transport(address: string): Transport {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/i.exec(address) ?? [];
  const host = `the storage of bucket ${bucket}`;
  const get = async (range?: string) => {
    const {sdk, client} = await load();
    try {
      const answer = await client.send(
        new sdk.GetObjectCommand({Bucket: bucket, Key: key, ...(range !== undefined && {Range: `bytes=${range}`})}),
      );
      return {...answer, body: answer.Body as Readable};
    } catch (error) {
      throw refusal(error);
    }
  };
  return {
    address,
    host,
    async look(): Promise<RemoteFacts> {
      const {ContentRange, ContentLength, ETag, body} = await get('0-0');
      drop(body);
      const size = partIn(ContentRange)?.size;
      return {
        ...((size ?? ContentLength) !== undefined && {size: (size ?? ContentLength)!}),
        ...(ETag !== undefined && {version: ETag}),
        hasRanges: size !== undefined,
      };
    },
    async range(position, length, facts) {
      const {ContentRange, ETag, body} = await get(`${position}-${position + length - 1}`);
      try {
        assertPart(address, {part: partIn(ContentRange), version: ETag}, position, facts);
      } catch (error) {
        drop(body);
        throw error;
      }
      return bodyOf(body as AsyncIterable<Uint8Array>, length);
    },
    whole: async () => inTime((await get()).body as AsyncIterable<Uint8Array>),
  };
}

/** Leaves the rest of an answer; that it does is no error. */
const drop = (body: Readable): unknown => body.on('error', () => {}).destroy();

/** What the client says, for a message. */
const said = (error: unknown): string => messageOf(error).split('\n')[0]!;

/** An answer of the server as such; errors of keys and settings as GanErrors; those of the network as they are. */
function refusal(error: unknown): unknown {
  const {name, $metadata: answer} = error as {name?: string; $metadata?: {httpStatusCode?: number}};
  if (answer?.httpStatusCode !== undefined) return new Refused(answer.httpStatusCode, `${name}: ${said(error)}`);
  const isOfSettings = /Credential|Region is missing/.test(`${name} ${said(error)}`);
  if (!isOfSettings) return error;
  return new GanError('config', 'GAN_S3_SETTINGS', `The storage cannot be asked: ${said(error)}.`, {
    suggestions: [
      'Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, or AWS_PROFILE; `aws configure` makes one.',
      'For storage elsewhere than at Amazon: AWS_ENDPOINT_URL_S3=https://HOST',
    ],
    cause: error,
  });
}
