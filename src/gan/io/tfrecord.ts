/**
 * TensorFlow's record files: length (uint64), masked CRC of the length, data, masked CRC of the data; all
 * little-endian. See tensorflow/core/lib/io/record_writer.h and lib/hash/crc32c.h.
 */
import {crc32c} from './crc32c.js';

const headerBytes = 12;
const footerBytes = 4;

/** Masks a CRC, because a CRC of data that contains CRCs would be weak: rotated right by 15 bits, plus a constant. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

export function encodeRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(headerBytes + data.length + footerBytes);
  record.writeBigUInt64LE(BigInt(data.length));
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, headerBytes);
  record.writeUInt32LE(maskedCrc(data), headerBytes + data.length);
  return record;
}

/**
 * The whole records at the start of a file and where each ends, in bytes; what follows a broken one is not looked at.
 */
export function decodeRecords(file: Uint8Array): {data: Uint8Array; end: number}[] {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const records: {data: Uint8Array; end: number}[] = [];
  for (let start = 0; start + headerBytes + footerBytes <= view.length; start = records.at(-1)!.end) {
    const length = Number(view.readBigUInt64LE(start));
    const end = start + headerBytes + length + footerBytes;
    if (view.readUInt32LE(start + 8) !== maskedCrc(view.subarray(start, start + 8)) || end > view.length) break;
    const data = view.subarray(start + headerBytes, end - footerBytes);
    if (view.readUInt32LE(end - footerBytes) !== maskedCrc(data)) break;
    records.push({data, end});
  }
  return records;
}
