/** Whether files are images, by what they begin with. */
import {openRegularFile} from '../io/regular-file.js';

/** Formats that are read: the bytes at a place of the file. */
const signatures: readonly {at: number; bytes: string}[][] = [
  [{at: 0, bytes: '\xff\xd8\xff'}], // JPEG
  [{at: 0, bytes: '\x89PNG\r\n\x1a\n'}],
  [
    {at: 0, bytes: 'RIFF'},
    {at: 8, bytes: 'WEBP'},
  ],
  [{at: 0, bytes: 'GIF87a'}],
  [{at: 0, bytes: 'GIF89a'}],
  [{at: 0, bytes: 'II*\0'}], // TIFF
  [{at: 0, bytes: 'MM\0*'}],
  [{at: 4, bytes: 'ftypavif'}],
  [{at: 4, bytes: 'ftypavis'}],
];

/** Whether a file begins as an image that can be read. False for what cannot be opened. */
export async function isImageContent(path: string): Promise<boolean> {
  try {
    const file = await openRegularFile(path);
    try {
      const {buffer, bytesRead} = await file.read(Buffer.alloc(12), 0, 12, 0);
      const start = buffer.toString('latin1', 0, bytesRead);
      return signatures.some((signature) => signature.every(({at, bytes}) => start.startsWith(bytes, at)));
    } finally {
      await file.close();
    }
  } catch {
    return false; // who reads it says why it cannot be read
  }
}
