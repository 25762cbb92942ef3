/** Functions of tensors that layers are made of, with derivatives of every order (torch.nn.functional). */
import {resizeBilinear} from '../../backends/fused/bilinear.js';
import {conv, convTranspose} from '../../backends/fused/conv.js';
import {blur, firDown, firResample, firUp} from '../../backends/fused/fir.js';
import {pixelShuffle, pixelUnshuffle} from '../../backends/fused/pixel-shuffle.js';
import {averagePool, upsampleNearest} from '../../backends/fused/upsample.js';
import {glu} from './glu.js';
import {minibatchStddev} from './minibatch-stddev.js';
import {pixelNorm} from './pixel-norm.js';

export const functional = {
  averagePool,
  blur,
  conv,
  convTranspose,
  firDown,
  firResample,
  firUp,
  glu,
  minibatchStddev,
  pixelNorm,
  pixelShuffle,
  pixelUnshuffle,
  resizeBilinear,
  upsampleNearest,
};
