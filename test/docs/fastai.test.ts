/**
 * docs/fastai.md: what stands beside fastai's WGAN is run as one program, and the other names are there.
 */
import {expect} from 'chai';
import {existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import * as gankit from 'gankit';
import ts from 'typescript';
import {root} from '../commands/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';

const {GANLearner, shapesSource, writeImage} = gankit;
const page = readFileSync(path.join(root, 'docs/fastai.md'), 'utf8');

/** The rows of a table below a heading: fastai's code and ours, code by code. */
function rows(heading: string): [fastai: string, ours: string[]][] {
  const [section = ''] = page.slice(page.indexOf(`## ${heading}`) + 3).split(/\n## /);
  return [...section.matchAll(/^\| (`.*?) \| (.*) \|$/gm)].map(([, fastai, ours]) => [
    fastai!,
    [...ours!.matchAll(/`([^`]+)`/g)].map(([, code]) => code!),
  ]);
}

/** The free names of a piece of code: those that it neither declares nor has as a member. */
function freeNames(code: string): string[] {
  const file = ts.createSourceFile('x.ts', `async () => { ${code}; }`, ts.ScriptTarget.ES2022, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const {parent} = node;
    const isMember =
      parent &&
      ((ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        (ts.isVariableDeclaration(parent) && parent.name === node) ||
        ts.isBindingElement(parent));
    if (ts.isIdentifier(node) && !isMember) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe('docs/fastai.md', function () {
  this.timeout(60_000);
  after(removeFolders);

  it('has each line of the documentation of fastai, in its order', () => {
    const lines = rows('The WGAN of the documentation').map(([fastai]) => fastai);
    const wanted = [
      'from fastai.vision.gan import *',
      'untar_data(URLs.LSUN_BEDROOMS)',
      'blocks=(TransformBlock, ImageBlock), get_x=generate_noise, get_items=get_image_files, splitter=IndexSplitter([])',
      'item_tfms=Resize(size, method=ResizeMethod.Crop)',
      'batch_tfms=Normalize.from_stats(torch.tensor([0.5]*3), torch.tensor([0.5]*3))',
      'dblock.dataloaders(path, path=path, bs=128)',
      'dls.show_batch(max_n=16)',
      'basic_generator(64, n_channels=3, n_extra_layers=1)',
      'basic_critic(64, n_channels=3, n_extra_layers=1, act_cls=partial(nn.LeakyReLU, negative_slope=0.2))',
      'GANLearner.wgan(dls, generator, critic, opt_func=RMSProp)',
      'learn.recorder.train_metrics = True',
      'learn.recorder.valid_metrics = False',
      'learn.fit(1, 2e-4, wd=0)',
      'learn.show_results(max_n=9, ds_idx=0)',
    ];
    expect(lines).to.have.length(wanted.length);
    wanted.forEach((each, i) => expect(lines[i]).to.contain(each));
  });

  it('has ours beside it, which runs', async () => {
    const [data, out] = [folder(), folder()];
    const file = path.join(out, 'results.png');
    const {read} = shapesSource({size: 16, items: 24}) as unknown as {read(index: number): Promise<Uint8Array>};
    for (let i = 0; i < 24; i++)
      await writeImage(path.join(data, `${i}.png`), {data: await read(i), shape: [1, 16, 16, 3]}, 0);
    const code = rows('The WGAN of the documentation')
      .flatMap(([, ours]) => ours)
      .filter((each) => /^(const|await|learn|for) ?/.test(each) && !/^for/.test(each))
      .join(';\n')
      .replaceAll(/\b64\b/g, '16') // smaller, for a test
      .replaceAll('128', '4')
      .replaceAll("'results.png'", 'file')
      .replace('openBackend()', "openBackend('wasm')");
    expect(code.split('\n')).to.have.length(9);
    const names = Object.keys(gankit).filter((name) => new RegExp(`\\b${name}\\b`).test(code));
    const {outputText} = ts.transpileModule(
      `import {${names.join(', ')}} from 'gankit';
      const [path, file] = ${JSON.stringify([data, file])};
      ${code};
      export const {columns, rows} = learn.recorder!;
      learn.dispose();
      await device.close();`,
      {compilerOptions: {target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022}},
    );
    mkdirSync(path.join(out, 'node_modules'));
    symlinkSync(root, path.join(out, 'node_modules/gankit'), 'dir');
    writeFileSync(path.join(out, 'program.mjs'), outputText);
    const recorder = (await import(pathToFileURL(path.join(out, 'program.mjs')).href)) as {
      columns: string[];
      rows: unknown[][];
    };
    expect(recorder.columns).to.deep.equal(['epoch', 'train_loss', 'gen_loss', 'crit_loss']);
    expect(recorder.rows).to.have.length(1);
    expect(existsSync(file)).to.equal(true);
  });

  it('names only what there is', () => {
    const given = ['generator', 'critic', 'dls', 'learn', 'genLearn', 'critLearn', 'model', 'console', 'undefined'];
    const values =
      /^(genLossFunc|critLossFunc|lossGen|lossCrit|weightsGen|genThresh|criticThresh|genMode|m|rg|nf|n|lrMax|name|input)$/;
    for (const [fastai, ours] of rows('The rest of `vision.gan`')) {
      expect(ours, fastai).to.not.have.length(0);
      for (const each of ours) {
        const code = each.replace(/^\./, 'learn.');
        for (const name of freeNames(code))
          if (!given.includes(name) && !values.test(name) && !(name in GANLearner.prototype))
            expect(gankit, `${fastai}: ${name}`).to.have.property(name);
        for (const [, member] of code.matchAll(/\blearn\.(\w+)/g))
          if (!/^(switch|ganTrainer)$/.test(member!)) expect(GANLearner.prototype, fastai).to.have.property(member!);
      }
    }
  });
});
