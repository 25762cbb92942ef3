import type {Gan} from '../../plugin/index.js';

/**
 * fastai's `gan_critic` (self-attention, arXiv 1805.08318; spectral norm, arXiv 1802.05957) beside its basic generator.
 */
export default ({architecture, opt, nn, GanError}: Gan) =>
  architecture({
    name: 'gan-critic',
    summary: 'Basic generator; critic with spectral norm, self-attention and dropout.',
    options: {
      nFeatures: opt.int(64, {min: 2, help: "channels of the generator's layer next to the image"}),
      nExtraLayers: opt.int(0, {min: 0, max: 1000, help: 'additional 3x3 layers in the generator'}),
      nf: opt.int(128, {min: 8, help: "channels of the critic's first layer"}),
      nBlocks: opt.int(3, {
        min: 1,
        max: 16,
        help: 'number of halvings in the critic after the first; an image of size 2^(nBlocks+3) gets a single score',
      }),
      p: opt.num(0.15, {min: 0, max: 1, help: 'probability of dropping a channel'}),
    },
    create: ({nFeatures, nExtraLayers, nf, nBlocks, p}) => ({
      generator({classes, ...wanted}) {
        const {height, width, channels} = nn.plainImages('gan-critic', wanted);
        const least = 2 ** (nBlocks + 3);
        if (Math.min(height, width) < least)
          throw new GanError(
            'usage',
            'GAN_SIZE',
            `gan-critic: images of ${height}x${width} are too small; with arch.nBlocks=${nBlocks} each side has at least ${least} pixels`,
            {suggestions: suggestions(height, width, least)},
          );
        return nn.besideLatents(classes, wanted.latentSize, (inSize) =>
          nn.basicGenerator([height, width], channels, {inSize, nFeatures, nExtraLayers}),
        );
      },
      critic({classes, ...wanted}) {
        nn.plainImages('gan-critic', wanted);
        return nn.besideImages(classes, wanted, (nChannels) => nn.ganCritic({nChannels, nf, nBlocks, p}));
      },
    }),
  });

/** A size for the blocks, and blocks for the size where there are such. */
function suggestions(height: number, width: number, least: number): string[] {
  const nBlocks = Math.floor(Math.log2(Math.min(height, width))) - 3;
  const sides = [height, width].map((side) => Math.max(side, least));
  return [`--size ${sides.join('x')}`, ...(nBlocks >= 1 ? [`--set arch.nBlocks=${nBlocks}`] : [])];
}
