/** How terminals show pictures. */
export const protocols = ['kitty', 'iterm2', 'sixel'] as const;
export type Protocol = (typeof protocols)[number];

export interface TerminalPicture {
  png: Uint8Array;
  width: number;
  height: number;
}

/** The text that makes a terminal show a picture where the cursor is; a new line then begins below it. */
export async function pictureText(protocol: Protocol, picture: TerminalPicture): Promise<string> {
  if (protocol === 'kitty') return kitty(picture.png);
  return protocol === 'iterm2' ? iterm2(picture) : sixel(picture);
}

async function sixel({png, width, height}: TerminalPicture): Promise<string> {
  const [{encodeSixel}, {loadSharp}] = await Promise.all([import('./sixel.js'), import('../../gan/data/sharp.js')]);
  const sharp = await loadSharp();
  return encodeSixel(
    await sharp(png).flatten({background: 'white'}).toColourspace('srgb').raw().toBuffer(),
    width,
    height,
  );
}

const kittyChunk = 4096;

/**
 * See https://sw.kovidgoyal.net/kitty/graphics-protocol: PNG (f=100), show at once (a=T), answer nothing (q=2), in
 * chunks of base64.
 */
function kitty(png: Uint8Array): string {
  const base64 = Buffer.from(png).toString('base64');
  const chunks = base64.match(new RegExp(`.{1,${kittyChunk}}`, 'g')) ?? [];
  const text = chunks.map(
    (chunk, i) => `\u001B_G${i === 0 ? 'a=T,f=100,q=2,' : ''}m=${i === chunks.length - 1 ? 0 : 1};${chunk}\u001B\\`,
  );
  return text.join('');
}

/** See https://iterm2.com/documentation-images.html */
function iterm2({png, width, height}: TerminalPicture): string {
  return `\u001B]1337;File=inline=1;size=${png.length};width=${width}px;height=${height}px:${Buffer.from(png).toString('base64')}\u0007`;
}
