import {crc32c} from '@node-rs/crc32';
import {expect} from 'chai';
import {readFileSync, readdirSync} from 'node:fs';
import path from 'node:path';
import protobuf from 'protobufjs';

/** The fields of TensorBoard's event.proto and summary.proto that are in use, and some that must stay empty. */
const {root} = protobuf.parse(
  `
  syntax = "proto3";
  message Event {
    double wall_time = 1; int64 step = 2;
    oneof what { string file_version = 3; bytes graph_def = 4; Summary summary = 5; bytes log_message = 6; SessionLog session_log = 7; }
  }
  message SessionLog { enum SessionStatus { STATUS_UNSPECIFIED = 0; START = 1; STOP = 2; CHECKPOINT = 3; } SessionStatus status = 1; string checkpoint_path = 2; string msg = 3; }
  message Summary {
    message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
    message Value { string node_name = 7; string tag = 1; bytes metadata = 9; oneof value { float simple_value = 2; bytes obsolete = 3; Image image = 4; HistogramProto histo = 5; bytes audio = 6; bytes tensor = 8; } }
    repeated Value value = 1;
  }
  message HistogramProto { double min = 1; double max = 2; double num = 3; double sum = 4; double sum_squares = 5; repeated double bucket_limit = 6 [packed = true]; repeated double bucket = 7 [packed = true]; }
`,
  {keepCase: true},
);
const eventType = root.lookupType('Event');

export interface TensorBoardEvent {
  wall_time: number;
  step: number;
  file_version?: string;
  session_log?: {status: number};
  summary?: {value: Value[]};
}
interface Value {
  tag: string;
  simple_value?: number;
  image?: {height: number; width: number; colorspace: number; encoded_image_string: Buffer};
  histo?: {
    min: number;
    max: number;
    num: number;
    sum: number;
    sum_squares: number;
    bucket_limit: number[];
    bucket: number[];
  };
}

const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(Buffer.from(bytes));
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

/** All events of an event file. Each record's checksums have to be right. */
function readEvents(file: string): TensorBoardEvent[] {
  const bytes = readFileSync(file);
  const events: TensorBoardEvent[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8), `checksum of the length at ${at}`).to.equal(masked(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length), `checksum of the data at ${at}`).to.equal(masked(data));
    events.push(eventType.toObject(eventType.decode(data), {longs: Number}) as TensorBoardEvent);
    at += length + 16;
  }
  return events.map((event) => ({...event, step: event.step ?? 0}));
}

/** The event files of a run in the order in which TensorBoard reads them, each with its events. */
export const eventFiles = (run: string): TensorBoardEvent[][] =>
  readdirSync(run)
    .filter((name) => name.includes('tfevents'))
    .sort()
    .map((name) => readEvents(path.join(run, name)));

/** What a run logged under a name, over all of its files: [step, value] each. */
export function tagged<K extends 'simple_value' | 'image' | 'histo'>(
  run: string,
  tag: string,
  kind: K,
): [step: number, value: NonNullable<Value[K]>][] {
  const events = eventFiles(run).flat();
  return events.flatMap(({step, summary}) =>
    (summary?.value ?? [])
      .filter((value) => value.tag === tag)
      .map((value): [number, NonNullable<Value[K]>] => [step, value[kind]!]),
  );
}
