// Makes assets/emoji.webp, the pictures of builtin:emoji, from the npm package @lobehub/fluent-emoji-3d (MIT):
//   npm pack @lobehub/fluent-emoji-3d@1.1.0 && tar xzf lobehub-fluent-emoji-3d-1.1.0.tgz
//   node scripts/make-emoji.mjs package/assets
// Of 3,391 pictures it leaves out those that look alike: variants with a skin tone, sequences of several emoji, flags.
import {createHash} from 'node:crypto';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import sharp from 'sharp';

const side = 64;
const across = 40;
const [folder] = process.argv.slice(2);
const hash = (name) => createHash('sha1').update(name).digest('hex');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.webp') && !/1f3f[b-f]|200d|^1f1[ef]/.test(name))
  .sort((a, b) => (hash(a) < hash(b) ? -1 : 1)); // mixed, so that the first ones are of all kinds
const pictures = await Promise.all(
  names.map((name) => sharp(join(folder, name)).resize(side, side).ensureAlpha().raw().toBuffer()),
);
const width = across * side;
const height = Math.ceil(names.length / across) * side;
const sheet = Buffer.alloc(width * height * 4);
pictures.forEach((picture, i) => {
  const left = (i % across) * side;
  const top = Math.floor(i / across) * side;
  for (let y = 0; y < side; y++) picture.copy(sheet, ((top + y) * width + left) * 4, y * side * 4, (y + 1) * side * 4);
});
const out = fileURLToPath(new URL('../assets/emoji.webp', import.meta.url));
const {size} = await sharp(sheet, {raw: {width, height, channels: 4}})
  .webp({quality: 80, alphaQuality: 80, effort: 6, smartSubsample: true})
  .toFile(out);
console.log(`${names.length} pictures, ${size} bytes: ${out}`);
