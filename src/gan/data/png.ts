import {crc32, deflate} from 'node:zlib';
import {promisify} from 'node:util';
import type {PixelData, Pixels} from './pixels.js';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** By the number of channels: grey, grey with alpha, RGB, RGB with alpha. */
const colourTypes = {1: 0, 2: 4, 3: 2, 4: 6} as const;

/**
 * A picture as the bytes of a PNG file of 8 or 16 bits per channel, without filters. The image library is not needed,
 * whose loading takes a sixth of the start of a small training.
 * @see https://www.w3.org/TR/png-3/#11Chunks
 */
export async function encodePng({data: pixels, width, height, channels}: Pixels<PixelData>): Promise<Buffer> {
  const data = bytesOf(pixels);
  const bytesOfRow = width * channels * pixels.BYTES_PER_ELEMENT;
  const rows = Buffer.alloc(height * (1 + bytesOfRow)); // each begins with the number of its filter, 0
  for (let y = 0; y < height; y++) {
    rows.set(data.subarray(y * bytesOfRow, (y + 1) * bytesOfRow), y * (1 + bytesOfRow) + 1);
  }
  const header = Buffer.alloc(13); // the last three: compression, filter and interlace method
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8 * pixels.BYTES_PER_ELEMENT, colourTypes[channels]], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', await promisify(deflate)(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Of 16 bits, the byte that counts more comes first. */
function bytesOf(data: PixelData): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const bytes = Buffer.alloc(2 * data.length);
  for (let i = 0; i < data.length; i++) bytes.writeUInt16BE(data[i]!, 2 * i);
  return bytes;
}

/** Length, type, content, and the checksum of the last two. */
function chunk(type: string, content: Buffer): Buffer {
  const bytes = Buffer.alloc(content.length + 12);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
  return bytes;
}
