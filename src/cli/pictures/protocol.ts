/** How terminals show pictures. */
export const protocols = ['kitty', 'iterm2', 'sixel'] as const;
export type Protocol = (typeof protocols)[number];

/** A picture as PNG, and as pixels for terminals that want these. */
export interface TerminalPicture {
  png: Uint8Array;
  /** RGBA, flat [height, width, 4]. */
  rgba: Uint8Array;
  width: number;
  height: number;
}

/** The text that makes a terminal show a picture where the cursor is; a new line then begins below it. */
export async function pictureText(protocol: Protocol, picture: TerminalPicture): Promise<string> {
  if (protocol === 'kitty') return kitty(picture.png);
  if (protocol === 'iterm2') return iterm2(picture);
  const {image2sixel} = await import('sixel');
  return image2sixel(picture.rgba, picture.width, picture.height, 256);
}

const kittyChunk = 4096;

/** See https://sw.kovidgoyal.net/kitty/graphics-protocol: PNG (f=100), show at once (a=T), answer nothing (q=2), in chunks of base64. */
function kitty(png: Uint8Array): string {
  const base64 = Buffer.from(png).toString('base64');
  const chunks = base64.match(new RegExp(`.{1,${kittyChunk}}`, 'g')) ?? [];
  const text = chunks.map((chunk, i) => `\u001B_G${i === 0 ? 'a=T,f=100,q=2,' : ''}m=${i === chunks.length - 1 ? 0 : 1};${chunk}\u001B\\`);
  return text.join('');
}

/** See https://iterm2.com/documentation-images.html */
function iterm2({png, width, height}: TerminalPicture): string {
  return `\u001B]1337;File=inline=1;size=${png.length};width=${width}px;height=${height}px:${Buffer.from(png).toString('base64')}\u0007`;
}
