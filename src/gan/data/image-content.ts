/** Whether files are images, by what they begin with. */
import {openRegularFile} from '../io/regular-file.js';

/** The bytes at a place of a file. */
type Signature = readonly {at: number; bytes: string}[];

const jpeg: Signature = [{at: 0, bytes: '\xff\xd8\xff'}];

/** Formats with 8 bits a channel. */
const shallow: readonly Signature[] = [
  jpeg,
  [
    {at: 0, bytes: 'RIFF'},
    {at: 8, bytes: 'WEBP'},
  ],
  [{at: 0, bytes: 'GIF87a'}],
  [{at: 0, bytes: 'GIF89a'}],
];

/** Formats that are read. */
const signatures: readonly Signature[] = [
  ...shallow,
  [{at: 0, bytes: '\x89PNG\r\n\x1a\n'}],
  [{at: 0, bytes: 'II*\0'}], // TIFF
  [{at: 0, bytes: 'MM\0*'}],
  [{at: 4, bytes: 'ftypavif'}],
  [{at: 4, bytes: 'ftypavis'}],
];

/** Bytes that tell. */
const headBytes = 12;

const beginsAsOne = (start: string, formats: readonly Signature[]): boolean =>
  formats.some((signature) => signature.every(({at, bytes}) => start.startsWith(bytes, at)));

/** Whether the content of a file is an image of a format that never has more than 8 bits a channel. */
export const hasEightBits = (content: Uint8Array): boolean => beginsAsOne(startOf(content), shallow);

/** Whether the content of a file is a JPEG image. */
export const isJpeg = (content: Uint8Array): boolean => beginsAsOne(startOf(content), [jpeg]);

const startOf = (content: Uint8Array): string =>
  Buffer.from(content.buffer, content.byteOffset, Math.min(headBytes, content.length)).toString('latin1');

/** Whether bytes begin as an image that can be read. */
export const isImageBytes = (content: Uint8Array): boolean => beginsAsOne(startOf(content), signatures);

/** Whether a file begins as an image that can be read. False for what cannot be opened. */
export async function isImageContent(path: string): Promise<boolean> {
  try {
    const file = await openRegularFile(path);
    try {
      const {buffer, bytesRead} = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return beginsAsOne(buffer.toString('latin1', 0, bytesRead), signatures);
    } finally {
      await file.close();
    }
  } catch {
    return false; // who reads it says why it cannot be read
  }
}
