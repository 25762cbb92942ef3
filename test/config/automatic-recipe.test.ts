import {expect} from 'chai';
import path from 'node:path';
import sharp from 'sharp';
import {resolveConfig, type ConfigRequest} from '../../dist/config/resolve.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {folder, ganError, removeFolders, write} from '../plugin/helpers.js';

const registry = openRegistry();

/** A folder of so many images, none of which is read. */
function images(count: number): string {
  const dir = folder();
  write(dir, Object.fromEntries(Array.from({length: count}, (_, i) => [`${i}.png`, ''])));
  return dir;
}

const resolve = (request: Omit<ConfigRequest, 'registry'>) =>
  resolveConfig({registry, cwd: folder(), ignoreFiles: true, ...request});
const augmentations = ({augment}: {augment: readonly {name: string}[]}) => augment.map(({name}) => name);

describe('the recipe of a training for which none is named', () => {
  after(removeFolders);

  it('is quick for the built-in shapes', async () => {
    const {recipe, config, origins} = await resolve({});
    expect(recipe).to.equal('quick');
    expect(config.size).to.equal(32);
    expect(origins['size']).to.equal('recipe quick');
  });

  it('is light on a processor, with augmentations for few images, and says why', async () => {
    const {recipe, config, whyRecipe} = await resolve({set: [`data=${images(3)}`, 'backend=wasm']});
    expect(recipe).to.equal('light');
    expect(config.arch.name).to.equal('light');
    expect(augmentations(config)).to.deep.equal(['color', 'translation', 'cutout']);
    expect(whyRecipe).to.match(/^a processor; 3 images, so few/);
  });

  it('has the size of small pictures, up to a power of two, unless a size is given', async () => {
    const dir = folder();
    const put = (width: number, height: number): Promise<unknown> =>
      sharp({create: {width, height, channels: 3, background: 'grey'}})
        .png()
        .toFile(path.join(dir, `${width}x${height}.png`));
    for (const side of [28, 30, 29]) await put(side, 40);
    const set = [`data=${dir}`, 'backend=wasm'];
    const {config, origins, whyRecipe} = await resolve({set});
    expect([config.size, origins['size']]).to.deep.equal([32, 'recipe light']);
    expect(whyRecipe).to.match(/^a processor; pictures of 29 pixels a side, so size 32; 3 images, so few/);
    expect((await resolve({set, withoutData: true})).config.size, 'as gan config show has it').to.equal(32);
    const gone = [`data=${path.join(dir, 'gone')}`, 'backend=wasm'];
    expect((await resolve({set: gone, withoutData: true})).config.size).to.equal(64);
    const given = await resolve({set: [...set, 'size=48']});
    expect(given.config.size).to.equal(48);
    expect(given.whyRecipe).to.match(/^a processor; 3 images/);
    for (const width of [90, 91, 92]) await put(width, 65);
    expect((await resolve({set})).config.size).to.equal(64);
  });

  it('is what a data source suggests, for which there are other networks', async () => {
    const {recipe, config} = await resolve({set: ['data=builtin:grid25']});
    expect([recipe, config.arch.name, config.size]).to.deep.equal(['points', 'mlp', 1]);
  });

  it('counts the images of built-in data', async () => {
    const {recipe, config} = await resolve({set: ['data=builtin:emoji', 'backend=wasm']});
    expect([recipe, augmentations(config).length]).to.deep.equal(['light', 3]);
  });

  it('is resnet on a GPU, named or found', async () => {
    const data = `data=${images(1)}`;
    expect((await resolve({set: [data, 'backend=cuda']})).recipe).to.equal('resnet');
    const asked: string[] = [];
    const onGpu = (backend: {name: string}) => Promise.resolve(asked.push(backend.name) > 0);
    expect((await resolve({set: [data], onGpu})).recipe).to.equal('resnet');
    expect(asked).to.deep.equal(['auto']);
  });

  it('has no augmentations where there are many images', async () => {
    const {config, whyRecipe} = await resolve({set: ['data=builtin:shapes', 'source.count=20000', 'recipe=light']});
    expect([augmentations(config), whyRecipe]).to.deep.equal([[], undefined]);
  });

  it('is weaker than what is given: a flag, a file, a recipe that is named', async () => {
    const set = [`data=${images(1)}`, 'size=32', 'augment=none', 'epochs=3'];
    const {config} = await resolve({set});
    expect([config.size, augmentations(config), config.epochs]).to.deep.equal([32, [], 3]);
    expect(config).to.not.have.any.keys('minutes', 'steps');
    expect((await resolve({set: [...set, 'recipe=wgan']})).config.arch.name).to.equal('basic');
  });

  it('has no options of its own', async () => {
    const error = await ganError(() => resolve({set: ['recipe.depth=3']}));
    expect(error.code).to.equal('GAN_CONFIG_UNKNOWN_KEY');
    expect(error.message).to.contain("'auto'");
  });

  it('is chosen for a folder that is empty yet, too', async () => {
    const {recipe, whyRecipe} = await resolve({set: [`data=${images(0)}`]});
    expect([recipe, whyRecipe]).to.deep.equal(['light', 'a processor']);
  });
});
